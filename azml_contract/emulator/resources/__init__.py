"""Resource kinds of the emulator that have behaviour of their own."""
