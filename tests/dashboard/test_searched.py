"""What a study knows of its curves beyond their points: edges, scores, fixed sizes, treatments."""

from dataclasses import asdict
from pathlib import Path

import pytest

from dashboard import searched, state
from engine.bench.made_up import made_up
from engine.domains import DOMAINS
from engine.study import plan
from engine.study.presets import recipe
from engine.study.settle import point
from engine.study.store import CandidateRow, NewCurve, Store
from engine.study.subject import Settings, Subject
from engine.study.treated import treated_pairs
from engine.training.spec import Candidate, Speed
from tests.studies import NAME, SIZES, make_study


def known(path: Path, study: int) -> tuple[state.Searched, list]:
    about = state.searched(path, study, 0)
    with Store.open(path, "read") as store:
        return about, store.curves(study)


def test_winners_at_the_edge_among_the_two_largest_sizes_are_told_once_a_subject(tmp_path):
    at_edge = {"capacity_at_edge": True}
    records = {SIZES[2]: at_edge, SIZES[-1]: at_edge}
    study = make_study(tmp_path / "s.db", "finished", records=records)
    about, curves = known(tmp_path / "s.db", study)
    (said,) = searched.remarks(curves, about)
    assert "largest model may be too small" in said
    assert f"**{NAME}** at 4,000 images" in said
    extras = searched.extras(curves, about, None)
    assert extras[f"{NAME} top-1"].edge == {SIZES[2], SIZES[-1]}


def test_no_doubt_is_raised_where_only_small_sizes_had_winners_at_the_edge(tmp_path):
    records = {SIZES[0]: {"capacity_at_edge": True}, SIZES[-1]: {"capacity_at_edge": False}}
    study = make_study(tmp_path / "s.db", "finished", records=records)
    about, curves = known(tmp_path / "s.db", study)
    assert searched.remarks(curves, about) == []


def test_scores_are_told_with_the_size_that_they_were_measured_at(tmp_path):
    records = {SIZES[-1]: {"scores": {"BLEU|tok:13a": 23.1, "chrF2": 45.0}}}
    study = make_study(tmp_path / "s.db", "finished", records=records)
    about, curves = known(tmp_path / "s.db", study)
    assert searched.remarks(curves, about) == [
        f"**{NAME}:** BLEU\\|tok\\:13a 23.1, chrF2 45 at 4,000 images."
    ]


def test_each_treated_curve_is_paired_with_the_untreated_one_of_its_metric(tmp_path):
    study = make_study(tmp_path / "s.db", "finished", treatments=["sgd", "augment"])
    about, curves = known(tmp_path / "s.db", study)
    pairs = [(plain.name, treated.name) for plain, treated in treated_pairs(curves, about.about)]
    metrics = ("top-1", "top-5", "cross-entropy")
    assert pairs == [
        (f"{NAME} {m}", f"{NAME} {t} {m}") for t in ("sgd", "augment") for m in metrics
    ]
    extra = searched.extras(curves, about, None)[f"{NAME} sgd top-5"]
    assert [(said, curve.name) for said, curve in extra.beside] == [("untreated", f"{NAME} top-5")]


def test_each_capacity_has_its_curve_beside_the_best_fit_with_its_parameters(tmp_path):
    path = tmp_path / "s.db"
    study = with_candidates(path)
    about, curves = known(path, study)
    fixed = state.fixed_sizes(path, study, 0)
    extra = searched.extras(curves, about, fixed)[f"{NAME} top-1"]
    assert [said for said, _ in extra.beside] == ["40k", "81k"]
    assert "one model each" in searched.legend({NAME: extra})


def test_a_study_with_no_capacity_at_two_sizes_says_why_nothing_is_drawn(tmp_path):
    study = make_study(tmp_path / "s.db", "finished")
    about, curves = known(tmp_path / "s.db", study)
    drawn = searched.extras(curves, about, ())
    assert not any(extra.beside for extra in drawn.values())
    assert "there is no curve of fixed size" in searched.legend(drawn)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [(812, "812"), (5_060, "5.1k"), (15_400, "15k"), (355_762, "356k"), (1_080_000, "1.1M")],
)
def test_parameters_are_written_short(parameters, said):
    assert searched.short(parameters) == said


def with_candidates(path: Path) -> int:
    """A study of two sizes at which two capacities were tried on all seeds."""
    subject = Subject("images", "icons", "cnn")
    settings = Settings((subject,), "quick", sizes=(100, 200))
    found = recipe(subject, "quick", None)
    extent = plan.Extent(25_000, 25_000, 2000, 2000, "images")
    speeds = {rung: Speed(1e4, 1e4, 1e4) for rung in found.ladder}
    made = plan.make_plan(settings, [found], [extent], [speeds], 1)
    with Store.open(path) as store:
        study = store.create_study(
            key=settings.key,
            name=NAME,
            settings=asdict(settings),
            plan=plan.plan_record(made),
            shards=[(f"{NAME} / {size}", 1.0) for size in (100, 200)],
            curves=[NewCurve(f"{NAME} top-1", 0.98, "h", "0.1.0", "measured here", 0, "top-1")],
            workers=1,
            device="CPU",
            device_reason="no GPU",
            version="0.1.0",
        )
        for size in (100, 200):
            rungs, seeds = found.ladder[:2], range(found.seeds)
            runs = [run(size, capacity, seed) for capacity in rungs for seed in seeds]
            best = plan_point(made, runs[0])
            store.add_groups(study, [(f"g{size}", f"{NAME} / {size}", {}, 1.0)])
            store.end_group(
                study,
                f"g{size}",
                seconds=1.0,
                reason="",
                candidates=[row(size, each) for each in runs],
                decides=f"{NAME} / {size}",
                points=[(best, {})],
            )
    return study


def run(size: int, capacity: int, seed: int) -> Candidate:
    return made_up(
        *(size, capacity, 1e-3, seed),
        model="cnn",
        parameters=round(capacity * 1.012),
        test={"top-1": 0.9 - size / 1000 - capacity / 1e6},
    )


def row(size: int, run: Candidate) -> CandidateRow:
    shard = f"{NAME} / {size}"
    return CandidateRow(
        f"g{size}", shard, "cnn", run.capacity, run.learning_rate, run.seed, asdict(run)
    )


def plan_point(made: plan.Plan, run: Candidate):
    return point(made.subjects[0], f"{NAME} top-1", DOMAINS["images"].metrics[0], run, "CPU")
