"""The customer's side: an environment that installs from a repository alone, and stays right.

`use` is the story, on the files in `environment/`; conda's own commands call `hooks/`. It needs
nothing but conda, so that it goes into any base environment.
"""
