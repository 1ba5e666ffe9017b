"""What a project of a user's own begins with."""
