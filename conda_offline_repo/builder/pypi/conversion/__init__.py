"""A wheel becomes a conda package: what its record says, and where its files go."""
