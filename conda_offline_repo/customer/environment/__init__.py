"""What an environment has of a repository: its small files, each read and changed with care."""
