"""The vendor's side: from a request to a published repository; `build.py` is the story.

What only a vendor needs (conda-index, zstd, downloads) is imported here and nowhere else. Nothing
here knows of the customer's machine but what a request says of it.
"""
