"""What a label asks for, checked: packages, environments, channels, platforms and machines."""
