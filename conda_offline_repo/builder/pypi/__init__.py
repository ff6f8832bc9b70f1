"""Packages of PyPI: requirements, resolved to wheels, made into conda packages."""
