"""What else is at Azure, as far as clients of Azure ML ask for it."""
