"""How Sphinx builds the documentation: `make docs` writes it to site/, offline.

Sphinx with Napoleon reads docstrings in Google's style as they stand; MyST lets the pages be
Markdown, as all other words of this repository are; Furo is a theme that needs no network.
"""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

from dashboard.plotly_js import PLOTLY_JS  # noqa: E402 - they lie beside this folder
from engine import VERSION  # noqa: E402

project = "Steepness"
author = "the authors of Steepness"
version = release = VERSION
extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon", "myst_parser"]
extensions += ["aliases", "fields", "gallery"]  # beside this file
default_role = "code"  # docstrings write `names` as Markdown does

autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
maximum_signature_line_length = 72
napoleon_numpy_docstring = False
napoleon_custom_sections = [("Fields", "params_style")]  # see fields.py

myst_heading_anchors = 2

html_theme = "furo"
html_title = f"Steepness {VERSION}"
html_favicon = str(HERE.parent / "dashboard" / "mark.svg")
# The page's own Plotly: nothing comes from elsewhere.
html_static_path = [str(PLOTLY_JS)]
html_copy_source = False
html_show_copyright = html_show_sphinx = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#c2410c", "color-brand-content": "#0068a8"},
    "dark_css_variables": {"color-brand-primary": "#ff8a4c", "color-brand-content": "#62b8ee"},
}
