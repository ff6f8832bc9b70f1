"""A release: what a repository is to hold, its proof, the search for credentials, publication."""
