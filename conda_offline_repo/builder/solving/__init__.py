"""Solve a request: what solvers choose, from the channels or from views of them."""
