"""Calls that a script makes, and their verdicts."""
