"""The engine as a process: the command line that is built, and what comes back."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from dashboard import jobs
from engine import cli
from engine.study import run_command
from engine.study.subject import Settings
from tests.drivers import alive
from tests.studies import SETTINGS

PATIENCE = 600  # seconds, a hang guard: torch is imported anew, on a machine busy with more
IMAGES = jobs.Order(
    ("images",), (("images", "icons"),), (("images", "no such model"),), preset="quick"
)


def test_an_order_becomes_a_command_line():
    order = jobs.Order(
        ("images",),
        (("images", "icons"),),
        (("images", "cnn"), ("images", "mlp")),
        (("images", "sgd"),),
        minutes=5.0,
        seeds=3,
        width=0.04,
        device="cpu",
    )
    assert " ".join(order.arguments) == (
        "run images --data icons --model cnn --model mlp --treatment sgd"
        " --minutes 5 --seeds 3 --width 0.04 --device cpu"
    )


def test_choices_for_several_domains_name_their_domain():
    order = jobs.Order(
        ("words", "characters"),
        (("words", "sotu"), ("characters", "file")),
        (("words", "lstm"),),
        preset="quick",
        paths=(("characters", "/data/a=b.txt"),),
    )
    assert order.arguments == [
        *("run", "words", "characters", "--data", "words=sotu", "--data", "characters=file"),
        *("--model", "words=lstm", "--data-path", "characters=/data/a=b.txt"),
        *("--preset", "quick", "--device", "auto"),
    ]


def test_a_stored_study_is_ordered_again_with_its_own_paths():
    again = jobs.Order.again({**SETTINGS, "sizes": [100, 200], "paths": [["images", "/data"]]})
    assert " ".join(again.arguments) == (
        "run images --data icons --model cnn --data-path images=/data"
        " --preset quick --sizes 100,200 --device cpu"
    )


@pytest.mark.parametrize(
    "asked",
    [
        "run images",
        "run images --preset standard --width 0.04",
        "run images --model cnn --model mlp --treatment sgd --treatment weight-decay --minutes 7.5",
        "run words images --data words=file --data images=icons --model words=rhn"
        " --model words=lstm --model images=mlp --treatment images=sgd --seeds 4"
        " --data-path words={here}/a=b",
        "run characters words --model lstm --treatment sgd --sizes 10,20,40 --data-path {here}/a=b",
    ],
)
def test_the_command_that_resumes_a_study_asks_for_the_very_same_study(asked, tmp_path):
    (tmp_path / "a=b").write_text("")
    settings = settings_of(asked.format(here=tmp_path).split())
    stored = json.loads(json.dumps(asdict(settings)))
    assert settings_of(jobs.Order.again(stored).arguments) == settings


def test_an_order_with_another_width_goes_on_with_the_same_study():
    order = jobs.Order(("images",), preset="quick", width=0.04)
    assert jobs.Order(("images",), preset="quick").resumes(order)
    assert not jobs.Order(("images",), preset="full").resumes(order)


def test_an_order_finds_its_data_by_itself_only_where_it_names_none():
    """As the engine has it: the paths of the study that is resumed are the page's to look at."""
    stored = jobs.Order(("images",), preset="quick", paths=(("images", "/elsewhere"),))
    assert stored.resumes(replace(stored, paths=()))
    assert not stored.resumes(replace(stored, paths=(("images", "/here"),)))


def settings_of(arguments: list[str]) -> Settings:
    """What the command line makes of its arguments: as run_command.run does before it trains."""
    options = cli._parser().parse_args(arguments)
    return run_command.asked(options, run_command.named(options.domains), "cpu")


def test_the_last_thing_that_a_job_said_is_the_end_of_its_progress_bar(tmp_path):
    log = tmp_path / "study.db.log"
    log.write_bytes(b"fetching\n 10 %|#    |\r 20 %|##   |\r")
    process = subprocess.Popen(["true"])
    process.wait()
    assert jobs.Job(process, log, 0.0).said == "20 %|##   |"


@pytest.mark.slow
def test_a_refused_estimate_is_the_engines_own_sentence():
    with pytest.raises(jobs.JobError, match=r"(?i)model"):
        jobs.estimate(IMAGES)


@pytest.mark.slow
def test_a_job_that_fails_leaves_its_last_words(tmp_path):
    job = jobs.start(IMAGES, tmp_path / "study.db")
    job.process.wait(PATIENCE)
    assert job.fault is not None
    assert "no such model" in job.fault


STARTED = """
import os, signal, sys
from pathlib import Path
from dashboard import jobs
job = jobs.start(jobs.Order(("images",), preset="quick"), Path(sys.argv[1]))
print(job.process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.slow
def test_a_job_outlives_the_page_that_is_killed(tmp_path):
    store = str(tmp_path / "study.db")
    died = subprocess.run([sys.executable, "-c", STARTED, store], capture_output=True, text=True)
    assert died.returncode == -signal.SIGKILL
    driver = int(died.stdout)
    try:
        until = time.monotonic() + PATIENCE
        while not Path(store).exists() and alive(driver) and time.monotonic() < until:
            time.sleep(0.05)
        assert Path(store).exists()  # which it made after the page was gone
    finally:
        with suppress(ProcessLookupError):
            os.killpg(driver, signal.SIGKILL)  # it leads a session, its workers with it


def test_a_job_leads_a_session_of_its_own(tmp_path):
    job = jobs.start(jobs.Order(("images",), preset="quick"), tmp_path / "study.db")
    try:
        assert os.getsid(job.process.pid) == job.process.pid
        assert job.running
        assert job.fault is None
    finally:
        job.process.terminate()
        job.process.wait(PATIENCE)
    assert not job.running
    assert subprocess.list2cmdline(job.process.args).endswith("study.db")


STRANGER = jobs.Order(("/tmp/own.py", "images"), minutes=5.0)


def test_the_page_runs_no_code_that_is_not_ours(tmp_path):
    with pytest.raises(jobs.JobError, match=r"'/tmp/own.py' is no domain of Steepness's own"):
        jobs.start(STRANGER, tmp_path / "study.db")
    with pytest.raises(jobs.JobError, match=r"the page runs no other code"):
        jobs.estimate(STRANGER)


def test_the_command_to_type_names_the_file_of_a_domain():
    order = jobs.Order(("lines",), (("lines", "own"),), minutes=5.0, device="cpu")
    assert order.strangers == ("lines",)
    assert order.typed({"lines": "/home/a b/lines.py"}, Path("s.db")) == (
        "steepness run '/home/a b/lines.py' --data own --minutes 5 --device cpu --store s.db"
    )
