"""The dashboard as a script: what every page has, and which pages there are.

dashboard.opened says which store it opens, engine.exposure which folder it takes data from.
"""

from pathlib import Path

import streamlit as st
from streamlit import net_util

from dashboard import entrance, links, state, tables
from dashboard.collector import spare
from dashboard.opened import opened_store
from engine.exposure import data_folder

MARK = str(Path(__file__).parent / "mark.svg")  # an emoji or icon would be fetched from a network
# A chosen pill is told by its border and ground; letters in the primary colour, which is as dark as
# a button's white ones need it, would have a contrast of 3.9:1 in the dark.
# The value over a slider likewise. What is chosen from a list is no window: it stays grey. A
# formula that is a pixel too high for its box would scroll, which no key could do; all are narrow.
# What a turn has not come to yet begins to fade, which costs a browser without a GPU more than the
# turn itself: where points stream in that would be all the time. So it fades once it is late.
STYLE = """
.stMultiSelect [data-tag] { background: rgb(128 128 128 / 20%); }
.stMultiSelect [data-tag], .stMultiSelect [data-tag] * { color: inherit; }
.stButtonGroup button[data-selected="true"] { color: inherit !important; font-weight: 600; }
[data-testid="stSliderThumbValue"], [data-testid="stSliderThumbValue"] * { color: inherit; }
.katex-display { overflow: visible !important; }
[data-testid="stLayoutWrapper"]:has(> .st-key-ahead, > .st-key-watch) { display: none; }
[data-stale="true"] { transition-delay: 2s !important; }
.stExpander summary { opacity: 1 !important; }
.stExpander details { border-color: rgb(128 128 128 / 30%) !important; }
@media (max-width: 640px) {
  .st-key-controls { flex-wrap: nowrap !important; overflow-x: auto; padding-bottom: 6px; }
  .st-key-controls > * { flex: none !important; }
}
"""

# Else a knock from another site would have Streamlit ask a server on the network for this machine's
# address there, to learn whether that site is this very page.
net_util._internal_ip = net_util._external_ip = "127.0.0.1"
st.set_page_config(page_title="Steepness", page_icon=MARK, layout="wide")
st.logo(MARK)
st.html(f"<style>{STYLE}{tables.STYLE}</style>")
data = data_folder()
entrance.admit(data)
state.begin(opened_store(), data)
links.read()
explore = st.Page(
    "views/explore.py",
    title="Explore",
    icon=":material/show_chart:",
    default=True,
    url_path="start",  # unused: the default page has no path, yet no other could have its name
)


def named() -> None:
    """What is found at /explore: the page that opens by itself."""
    st.switch_page(explore)


page = st.navigation(
    [
        explore,
        st.Page(named, title="Explore", url_path="explore", visibility="hidden"),
        st.Page("views/compare.py", title="Compare", icon=":material/stacked_line_chart:"),
        st.Page("views/plan.py", title="Plan", icon=":material/event_upcoming:"),
        st.Page("views/run.py", title="Run", icon=":material/play_arrow:"),
        st.Page("views/bring.py", title="Bring your own", icon=":material/upload:"),
        st.Page("views/method.py", title="Method", icon=":material/function:"),
    ],
    position="top",
)
try:
    page.run()
finally:  # a page may stop early
    state.check(st.session_state[state.STORE])
spare()
