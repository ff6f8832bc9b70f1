"""The vendor's upstream in small: real conda packages, channels of them and their server."""
