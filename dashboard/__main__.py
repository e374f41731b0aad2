"""`python -m dashboard ARGUMENTS`: Streamlit's own server of the page, its libraries read ahead.

Streamlit runs a page, and so reads what that needs, only once a browser has come. Here a thread
begins with the large libraries as soon as the server stands, while the browser reads the page's own
scripts. Of our modules it reads those of the engine alone: they ask for none of the page's, so
no two threads can come to wait for each other's.
"""

import sys
import time
from importlib import import_module
from pathlib import Path
from threading import Thread

from streamlit import delta_generator, runtime
from streamlit.runtime.runtime import RuntimeState
from streamlit.web.cli import main

AHEAD = ("pandas", "plotly.graph_objects", "engine.laws.zones", "engine.laws.propose")


def _read_ahead() -> None:
    while not runtime.exists() or runtime.get_instance().state is RuntimeState.INITIAL:
        time.sleep(0.02)
    for name in AHEAD:
        import_module(name)


if __name__ == "__main__":
    # Streamlit would read the source of every caller of its first element, to warn whoever runs a
    # page without a server: 0.2 s of the first turn.
    delta_generator._use_warning_has_been_displayed = True
    Thread(target=_read_ahead, daemon=True).start()
    sys.argv[1:1] = ["run", str(Path(__file__).with_name("app.py"))]
    main(prog_name="streamlit")
