"""The differences between conda 24.7 and current conda, and the uses of its private parts."""
