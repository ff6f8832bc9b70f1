"""A release on its way: from the vendor's folder to the folder of a customer."""
