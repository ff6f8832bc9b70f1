"""What a vendor already has: files that describe environments, and environments themselves."""
