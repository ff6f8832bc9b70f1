"""How a repository's folder is written, by whoever writes it: the vendor's build, or a delivery."""
