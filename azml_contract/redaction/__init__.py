"""What must not be kept: found, and replaced."""
