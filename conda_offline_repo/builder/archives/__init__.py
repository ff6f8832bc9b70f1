"""The archives of a build: fetched, and verified."""
