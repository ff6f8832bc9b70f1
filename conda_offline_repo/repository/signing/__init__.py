"""Who signed a repository: OpenSSH's signatures of its manifest."""
