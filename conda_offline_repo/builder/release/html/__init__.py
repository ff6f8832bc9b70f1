"""The pages for a person who opens a repository, or the folder above several, in a browser.

Each is one file that asks for no other. All that it says is readable without its script, which
filters and sorts; its policy lets no other script and no other style in.
"""
