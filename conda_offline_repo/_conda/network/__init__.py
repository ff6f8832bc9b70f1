"""The network through conda's own sessions: its settings, failures, retries and answers."""
