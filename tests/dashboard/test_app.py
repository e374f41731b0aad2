"""What the server does where nobody asks anything of it."""

from importlib import import_module

from streamlit.watcher.path_watcher import watch_file
from streamlit.watcher.polling_path_watcher import PollingPathWatcher


def test_no_settings_file_is_looked_at_again(tmp_path, monkeypatch):
    import_module("dashboard.app")
    settings, looks = tmp_path / "config.toml", []
    settings.write_text("[server]\n")
    monkeypatch.setattr(PollingPathWatcher._executor, "submit", looks.append)
    watch_file(str(settings), print, watcher_type="poll")
    assert not looks
