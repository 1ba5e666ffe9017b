"""The tracking server of MLflow, as the workspace offers it."""
