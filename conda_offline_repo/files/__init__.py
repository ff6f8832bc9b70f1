"""Files on every system, each thing once: atomic writes, digests, locks, permissions, workers."""
