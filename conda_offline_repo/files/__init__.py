"""Files on every system: atomic writes, digests, locks, permissions, workers."""
