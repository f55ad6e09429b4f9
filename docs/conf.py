"""How Sphinx builds this documentation: `make docs`."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE / "_extensions")]

import charrnn  # noqa: E402

project = "charrnn"
author = "the charrnn authors"
release = version = charrnn.__version__
copyright = "the charrnn authors, MIT licence"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_click", "program"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "charrnn"
html_static_path = ["_static"]
html_css_files = ["tables.css"]
html_show_sourcelink = False

# Pages are plain Markdown, read by GitHub too: directives stand in ::: fences, which it shows as text.
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4
man_pages = [("reference/commands", "charrnn", "character-level recurrent networks", author, 1)]
smartquotes = False  # --option is not a dash
default_role = "code"  # in docstrings `name` is code
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
