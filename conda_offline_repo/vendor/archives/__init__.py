"""The archives of a build: fetched, verified, and looked into before they leave."""
