"""What a repository is: the folder that travels, as both sides read and check it.

Nothing here knows who made the folder or who uses it. It needs conda and nothing else.
"""
