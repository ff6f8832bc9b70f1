"""`offline-repo.yml`: what all labels ask for, in one file; read, checked and written."""
