"""The dashboard as a server: what it answers at which address.

`streamlit run dashboard/app.py`, or `steepness app`.
"""

import streamlit as st
from starlette.routing import Route

from dashboard import address, news

pages = [Route(f"/{name}", address.answer) for name in address.NAMES]
app = st.App("page.py", routes=[Route("/news", news.answer), *pages])
