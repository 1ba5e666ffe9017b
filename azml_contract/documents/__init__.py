"""Any file that somebody brings: recognised, opened, imported, exported, linted."""
