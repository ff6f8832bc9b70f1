"""What the channels serve, and what the solver chooses of it."""
