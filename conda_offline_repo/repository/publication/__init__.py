"""How a repository is written: by one writer at a time, in an order that readers can rely on."""
