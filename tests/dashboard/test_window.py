"""The window component's Python side."""

from pathlib import Path

import plotly

from dashboard import window


def test_the_chart_library_is_the_installed_plotlys_own(tmp_path, monkeypatch):
    monkeypatch.setattr(window, "STATIC", tmp_path / "static")
    window.serve_plotly()
    window.serve_plotly()  # a second visit finds it there
    source = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    assert [path.name for path in (tmp_path / "static").iterdir()] == ["plotly.min.js"]
    assert (tmp_path / "static" / "plotly.min.js").read_bytes() == source.read_bytes()


def test_a_chart_library_of_another_version_is_replaced(tmp_path, monkeypatch):
    monkeypatch.setattr(window, "STATIC", tmp_path)
    (tmp_path / "plotly.min.js").write_text("old")
    window.serve_plotly()
    assert (tmp_path / "plotly.min.js").stat().st_size > 1_000_000
