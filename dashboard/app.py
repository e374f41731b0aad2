"""The dashboard as a server: its page, and what it says of news.

`streamlit run dashboard/app.py`, or `steepness app`.
"""

import streamlit as st
from starlette.routing import Route

from dashboard.news import answer

app = st.App("page.py", routes=[Route("/news", answer)])
