"""Texts of files, and where in them something stands."""
