"""The engine as a process: the command line that is built, and what comes back."""

import os
import subprocess
import time

import pytest

from dashboard import jobs, words
from engine.study.choices import MODELS as KNOWN_MODELS
from tests.studies import SETTINGS


def test_an_order_becomes_a_command_line():
    order = jobs.Order("images", "icons", "cnn", minutes=5.0, seeds=3, device="cpu")
    said = "run images --data icons --model cnn --minutes 5 --seeds 3 --device cpu"
    assert " ".join(order.arguments) == said


def test_a_stored_study_is_ordered_again_by_its_settings():
    order = jobs.Order.again({**SETTINGS, "sizes": [100, 200]}, folder="/data")
    assert " ".join(order.arguments) == (
        "run images --data icons --model cnn --preset quick --device cpu"
        " --data-folder /data --sizes 100,200"
    )


def test_the_models_on_the_page_are_those_of_the_engine():
    assert tuple(words.MODELS) == KNOWN_MODELS["images"]


def test_a_refused_estimate_is_the_engines_own_sentence():
    with pytest.raises(jobs.JobError, match=r"(?i)model"):
        jobs.estimate(jobs.Order("images", "icons", "no such model", preset="quick"))


def test_a_job_that_fails_leaves_its_last_words(tmp_path):
    order = jobs.Order("images", "icons", "no such model", preset="quick")
    job = jobs.start(order, tmp_path / "study.db")
    job.process.wait(60)
    assert job.fault is not None
    assert "no such model" in job.fault


def test_a_job_leads_a_session_of_its_own(tmp_path):
    job = jobs.start(jobs.Order("images", "icons", "cnn", preset="quick"), tmp_path / "study.db")
    try:
        assert os.getsid(job.process.pid) == job.process.pid
        assert job.running
        assert job.fault is None
    finally:
        job.process.terminate()
        job.process.wait(60)
    time.sleep(0.1)
    assert not job.running
    assert subprocess.list2cmdline(job.process.args).endswith("study.db")
