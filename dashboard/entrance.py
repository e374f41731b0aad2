"""Who is let in: everyone on this machine; elsewhere whom Streamlit's own login knows."""

from pathlib import Path

import streamlit as st
from streamlit.errors import StreamlitAuthError

from dashboard import words
from engine.exposure import is_exposed, warning


def admit(data: Path) -> None:
    """Show a login and nothing else where one is set up; say so where one is missing.

    Args:
        data: the folder that the page takes data from.
    """
    known = st.user.to_dict()
    if "is_logged_in" in known:  # [auth] stands in secrets.toml
        if not known["is_logged_in"]:
            _login()
            st.stop()
    elif is_exposed(st.get_option("server.address")):
        said = warning(st.get_option("server.address"), data)
        st.warning(words.plain(said), icon=":material/lock_open:")


def _login() -> None:
    st.markdown("Steepness is shown to those who are logged in.")
    if st.button("Log in", type="primary", icon=":material/login:"):
        try:
            st.login()
        except StreamlitAuthError as error:
            st.error(words.plain(str(error)), icon=":material/error:")
