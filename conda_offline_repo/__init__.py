"""Self-contained conda channels for machines without internet: `conda offline-repo`."""
