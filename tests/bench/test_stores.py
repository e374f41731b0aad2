"""Stores to time the page on are like those that a driver leaves."""

import subprocess
import sys

from engine.bench.stores import DOMAIN, LADDER, begin_study, even_sizes, write_imported
from engine.domains import DOMAINS
from engine.study.fixed_size import fixed_size_curves
from engine.study.store import Store

METRICS = len(DOMAINS[DOMAIN].metrics)


def test_a_study_has_its_curves_candidates_and_what_is_still_ahead(tmp_path):
    study = begin_study(tmp_path / "s.db", 2, even_sizes(6), n_seeds=2, decided=4)
    with Store.open(tmp_path / "s.db", "read") as store:
        curves = store.curves(study)
        assert len(curves) == 2 * METRICS
        assert {len(curve.points) for curve in curves} == {4 * 2}
        assert len(fixed_size_curves(store, study)) == len(curves) * len(LADDER)
        assert (store.studies()[0].done, store.studies()[0].total) == (8, 12)


def test_a_driver_goes_on_with_a_study_and_says_when(tmp_path):
    study = begin_study(tmp_path / "s.db", 1, even_sizes(6), n_seeds=2, decided=4)
    command = [sys.executable, "-m", "engine.bench.stores", str(tmp_path / "s.db"), str(study)]
    told = subprocess.run([*command, "0", "4", "6"], capture_output=True, text=True, check=True)
    assert len(told.stdout.split()) == 2
    with Store.open(tmp_path / "s.db", "read") as store:
        assert store.studies()[0].done == 6


def test_imported_curves_have_the_points_that_were_asked_for(tmp_path):
    write_imported(tmp_path / "i.db", 3, even_sizes(5), 4)
    with Store.open(tmp_path / "i.db", "read") as store:
        assert [len(curve.points) for curve in store.curves()] == [20, 20, 20]
