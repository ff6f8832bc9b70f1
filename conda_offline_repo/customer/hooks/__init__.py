"""What is checked before anything gets into an environment; conda calls `guard` and `explicit`."""
