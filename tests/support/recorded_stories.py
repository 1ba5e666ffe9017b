"""Recordings of the repository that tests read."""

from pathlib import Path

CASSETTES = Path(__file__).parents[2] / "cassettes"
FAILURES = CASSETTES / "failures"
"""Enough for what a whole folder shows; all stories would double the time."""
WORKFLOW = CASSETTES / "train_and_sweep" / "asset_to_sweep"
FIRST = WORKFLOW / "2021-03-01-preview.json"
MODERN = WORKFLOW / "2022-05-01.json"
