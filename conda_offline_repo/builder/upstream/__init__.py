"""What the channels serve, and who can read it."""
