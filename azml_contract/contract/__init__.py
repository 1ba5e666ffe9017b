"""The contract of each api-version, compiled from Microsoft's specifications."""
