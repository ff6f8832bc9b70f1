"""A release: what a repository is to hold, the proof that it installs, and its publication."""
