"""Every difference between conda 24.7 and current conda, and what conda has no public way for."""
