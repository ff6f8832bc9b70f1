"""Deliveries to object stores and servers, by fsspec; imported where the target is a URL alone."""
