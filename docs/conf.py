"""How the book is built: ``sphinx-build -n -W docs <where to>``."""

from __future__ import annotations

import importlib.metadata
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path += [str(HERE / "_ext"), str(HERE / "figures")]

project = "attnspec"
author = "attnspec contributors"
copyright = "2026, attnspec contributors"  # noqa: A001 - the name that Sphinx reads
release = importlib.metadata.version("attnspec")
version = ".".join(release.split(".")[:2])

extensions = [
    "attnspec_book",
    "matplotlib.sphinxext.plot_directive",
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.doctest",
    "sphinx.ext.extlinks",
    "sphinx.ext.mathjax",
    "sphinx-mathjax-offline",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinxcontrib.bibtex",
]
exclude_patterns = ["_build"]
nitpicky = True
# In the docstrings, single backquotes mark the names of arguments.
default_role = "code"

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

# The signature names the arguments; the section Parameters says their shapes.
autodoc_typehints = "none"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False

# The docstrings' examples are run by pytest, in the names of their own modules.
doctest_test_doctest_blocks = ""
doctest_global_setup = "import numpy as np\nimport attnspec"

extlinks = {
    "doi": ("https://doi.org/%s", "doi:%s"),
    "issue": ("https://github.com/%s", "%s"),
}
bibtex_bibfiles = ["references.bib"]
bibtex_reference_style = "author_year"

plot_basedir = str(HERE / "figures")
plot_formats = ["svg"]
plot_html_show_formats = False
plot_html_show_source_link = False
plot_include_source = False
plot_rcparams = {
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.constrained_layout.use": True,
    "figure.facecolor": "white",
    "font.size": 10,
    "legend.frameon": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "attnspec",
}
plot_apply_rcparams = True

html_theme = "furo"
html_title = f"attnspec {version}"
html_static_path = ["_static"]
html_css_files = ["book.css"]
html_copy_source = False
html_show_sphinx = False
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_only_copy_prompt_lines = True
