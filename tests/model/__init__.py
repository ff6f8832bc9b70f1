"""A model of the whole chain, from the vendor's releases to what is installed at the customer."""
