"""Say which recorded calls break under which other api-version."""
