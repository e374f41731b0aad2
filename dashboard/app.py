"""The dashboard as a server: what it answers at which address.

`streamlit run dashboard/app.py`, or `steepness app`.
"""

import streamlit as st
from starlette.routing import Route
from streamlit.watcher.polling_path_watcher import PollingPathWatcher

from dashboard import address, news

# Streamlit would look five times a second whether one of its settings files has changed: as much
# work as all else that an idle server does. The page keeps the settings that it started with.
PollingPathWatcher._schedule = lambda watcher: None

pages = [Route(f"/{name}", address.answer) for name in address.NAMES]
app = st.App("page.py", routes=[Route("/news", news.answer), *pages])
