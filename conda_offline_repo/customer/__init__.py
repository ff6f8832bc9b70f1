"""The customer's side: an environment that installs from a repository alone, and stays right.

`target`, `install` and `undo` do what `use` asks for, on the files in `environment/`; `checks/` is
what conda's own commands call.
It needs conda and nothing else, so that it goes into any base environment.
"""
