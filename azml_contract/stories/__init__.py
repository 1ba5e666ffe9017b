"""Calls told as scenarios: a module, its bodies, and what it uploads."""
