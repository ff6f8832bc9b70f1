"""Whose signature this machine and its environments expect."""
