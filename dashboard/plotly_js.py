"""Plotly's program for the browser: the part of it that draws lines and points.

The Python package carries the whole of plotly.js, four times as large, most of it maps and three
dimensions: on a slow core it takes 1.7 s to begin, this part 0.2 s. It is npm's
plotly.js-basic-dist-min as it comes (`npm pack plotly.js-basic-dist-min@4.1.1`), of the version
that the Python package has, which a test holds. It lies in the folder that Streamlit serves.
"""

from pathlib import Path

PLOTLY_JS = Path(__file__).parent / "static" / "plotly-basic-4.1.1.min.js"
ADDRESS = f"./app/static/{PLOTLY_JS.name}"  # on the page; a version of its own in any cache
