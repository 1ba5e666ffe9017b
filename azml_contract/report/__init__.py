"""Render values for people and programs; computes nothing."""
