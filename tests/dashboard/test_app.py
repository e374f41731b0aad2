"""What the server does where nobody asks anything of it."""

import time
from importlib import import_module

from streamlit.watcher import path_watcher, polling_path_watcher


def test_a_settings_file_that_changes_is_not_looked_at_again(tmp_path, monkeypatch):
    monkeypatch.setattr(polling_path_watcher, "_POLLING_PERIOD_SECS", 0.01)
    import_module("dashboard.app")
    settings, seen = tmp_path / "config.toml", []
    settings.write_text("[server]\n")
    path_watcher.watch_file(str(settings), seen.append, watcher_type="poll")
    settings.write_text("[server]\nport = 1\n")
    time.sleep(0.3)
    assert not seen
