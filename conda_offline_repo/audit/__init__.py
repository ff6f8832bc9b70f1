"""What an auditor asks: policies, advisories, and a report of both."""
