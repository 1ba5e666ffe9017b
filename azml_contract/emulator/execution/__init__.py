"""Jobs that really run: ``emulator --execute``."""
