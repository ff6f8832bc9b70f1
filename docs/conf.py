"""How Sphinx makes the pages: `python3 dev/bootstrap.py docs`."""

import sys
from importlib.metadata import version as version_of
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

project = "conda-offline-repo"
author = "conda-offline-repo contributors"
copyright = author
release = version_of("conda-offline-repo")

extensions = ["myst_parser", "sphinx_copybutton", "dev.pages"]
exclude_patterns = ["_build"]
myst_heading_anchors = 3
nitpicky = True
# two hyphens are the beginning of an option
smartquotes = False

html_theme = "conda_sphinx_theme"
html_title = project
html_show_sphinx = False
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "show_prev_next": True,
}
