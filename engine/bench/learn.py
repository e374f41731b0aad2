"""Learn `engine/laws/mixture.json`: `python -m engine.bench.learn FOLDER`, about 2 minutes.

From both files of `engine.bench.tasks`: every task as it stands, cut short at a half, a quarter
and an eighth of what it may see (the rest of that being the answer), and the LCDB curves also
thinned to sizes a factor 1.4 and 2 apart, as studies of few sizes have them; and simulated ones
of that kind (`engine.bench.simulated`). What is made small is

    sum over tasks of v * RMSLE + RIDGE * |A - A0|^2

where v gives each group its share (GROUP_SHARE) in units of what the plain mean of filter, floor
law and broken law scores there. Cross-validated by data set: all IC tasks of one data set, a
sixth of LCDB's data sets, one NMT or LM task or one BB subject are kept out together, for the
scores in the file and for the width of the band, which rests on kept-out residuals alone.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from engine.bench.simulated import FOLDS, GROUP, simulated_tasks
from engine.bench.tasks import GROUPS, LCDB, PUBLISHED, Task, cut, read_tasks, thinned
from engine.laws.forecast import prepared, variance_of
from engine.laws.members import FEATURES, MEMBERS, Members, fit_members
from engine.laws.mixture import FARTHEST, Mixture, mixture_of

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

RIDGE = 0.03  # .3, .1, .03 gave IC .0259, .0253, .0252 and LCDB .1031, .1018, .0988, kept out
# From this feature on the coefficients are held this many times harder. Without those features,
# with them held as the others, four times: IC .0260, .0268, .0262; LCDB .1004, .0984, .0987; a
# simulated group .0525, .0467, .0488; all of a group kept out, IC .0268, .0272, .0265.
FIRST_MINOR, MINOR = FEATURES.index("last size's lean"), 4.0
# Few tasks, less say. SIM at 0.3, 1.0: IC .0258, .0262; NMT .0056, .0061; SIM .0583, .0492
GROUP_SHARE = {"IC": 1.0, "NMT": 0.5, "LM": 0.5, "BB": 0.5, "LCDB": 1.0, GROUP: 0.6}
WIDTH_RIDGE = 0.1  # .03, .1, .3 covered IC .89, .90, .91 and LCDB .89, .88, .87, kept out
WIDTH_GROUP_SHARE = {"IC": 1.0, "NMT": 0.1, "LM": 0.1, "BB": 0.2, "LCDB": 1.0, GROUP: 0.5}
WIDTH_KIND_SHARE = {"whole": 1.0, "cut": 0.3, "thinned": 0.3}
SOFT = 0.1  # of log width: the kink of the pinball loss is rounded over this
KIND_SHARE = {"whole": 1.0, "cut": 0.5, "thinned": 0.5}
CUTS = ((2, 2.0), (4, 4.0), (8, 4.0))  # seen up to largest / first, asked up to second times that
STEPS = (1.41, 2.0)
LEAST_CUT, LEAST_THINNED = 8, 5  # sizes
STAY = -2.0  # prior log weight of the member that stays, beside 0 of the others
LCDB_FOLDS = 6
SIMULATED, SEED = 400, 4
ASKED = 16  # sizes of each case, evenly among those that were measured
STACK = 24  # curves fitted together: of like length, so that little is filled up
SMOOTH = 1e-9  # added to the mean square, so that its root has a slope at 0
FLOOR = np.log(0.005)  # LCDB predictions are clipped to [.005, 1]


@dataclass(frozen=True, slots=True)
class Cases:
    """What the members say and what was measured."""

    kind: list[str]
    group: list[str]
    fold: list[str]
    features: Array  # (N, h, F)
    ahead: Array  # (N, h, 4)
    variance: Array  # (N, h) of the filter and the noise
    truth: Array  # (N, h)

    def where(self, kind: str, group: str) -> Mask:
        """Which cases are of a kind and a group."""
        pairs = zip(self.kind, self.group, strict=True)
        return np.array([pair == (kind, group) for pair in pairs])

    @property
    def clipped(self) -> Mask:
        """Which cases have their predictions clipped; (N, 1)."""
        return np.array([[group == "LCDB"] for group in self.group])


def main(arguments: Sequence[str] | None = None) -> int:
    """Learn, print the scores on kept-out curves and write the file."""
    parser = argparse.ArgumentParser(description="Learn the mixture of the forecast's members.")
    parser.add_argument("folder", type=Path)
    options = parser.parse_args(arguments)
    simulated = simulated_tasks(SIMULATED, np.random.default_rng(SEED))
    cases = cases_of([*read_tasks(options.folder), *simulated])
    mean, sd = scale_of(cases.features)
    z = np.clip((cases.features - mean) / sd, -FARTHEST, FARTHEST)
    kept_out = np.empty(cases.ahead.shape)
    coefficients = []
    for outside in folds(cases):
        coefficients.append(learn(z[~outside], cases, ~outside))
        kept_out[outside] = shares(z[outside] @ coefficients[-1])
        print(f"{outside.sum()} cases kept out", file=sys.stderr)
    centre = (kept_out * cases.ahead).sum(axis=2)
    scores = scored(cases, centre)
    deviation = np.sqrt(variance_of(cases.ahead, kept_out, centre) + cases.variance)
    off = np.abs(cases.truth - centre)
    half = np.empty(off.shape)
    widths = []
    for outside in folds(cases):
        widths.append(learn_width(z, cases, deviation, off, ~outside))
        half[outside] = deviation[outside] * np.exp(z[outside] @ widths[-1])
    bands = covered(cases, off, half)
    print(json.dumps({"scores": scores, "bands": bands}, indent=1))
    everything = np.ones(len(cases.kind), dtype=bool)
    common = {
        "members": MEMBERS,
        "features": FEATURES,
        "origin": f"engine.bench.learn: {len(cases.kind)} cases of {PUBLISHED}, {LCDB}, {GROUP}",
        "mean": mean.round(6).tolist(),
        "sd": sd.round(6).tolist(),
    }
    shipped = common | {
        "kept_out_rmsle": scores,
        "kept_out_bands": bands,
        "coefficients": learn(z, cases, everything).round(5).tolist(),
        "width": learn_width(z, cases, deviation, off, everything).round(5).tolist(),
    }
    names = sorted(set(cases.fold))
    by_fold = {
        name: {"coefficients": a.round(5).tolist(), "width": b.round(5).tolist()}
        for name, a, b in zip(names, coefficients, widths, strict=True)
    }
    here = Path(__file__).parent
    _write(here.parent / "laws" / "mixture.json", shipped)
    _write(here / "kept_out.json", common | {"folds": by_fold})
    return 0


def _write(path: Path, record: dict[str, object]) -> None:
    path.write_text(json.dumps(record) + "\n", encoding="utf-8")


def kept_out_mixtures() -> dict[str, Mixture]:
    """The mixture learned without each fold, by the fold's name; for `steepness bench fit`."""
    record = json.loads(Path(__file__).with_name("kept_out.json").read_text(encoding="utf-8"))
    folds = record.pop("folds")
    return {name: mixture_of(record | learned) for name, learned in folds.items()}


def folds(cases: Cases) -> list[Mask]:
    """The cases that are kept out together, one mask a fold."""
    names = np.array(cases.fold)
    return [names == name for name in sorted(set(cases.fold))]


def cases_of(tasks: Sequence[Task]) -> Cases:
    """Every task whole, cut and thinned, with all members fitted."""
    kinds = [("whole", task) for task in tasks]
    for task in tasks:
        if task.group == GROUP:
            continue
        shorter = [cut(task, task.curve.sizes.max() / at, reach) for at, reach in CUTS]
        kinds += [("cut", each) for each in shorter if each and n_sizes(each) >= LEAST_CUT]
        if task.group == "LCDB":
            sparse = [thinned(each, step) for each in (task, shorter[1]) if each for step in STEPS]
            kinds += [
                ("thinned", each) for each in sparse if each and n_sizes(each) >= LEAST_THINNED
            ]
    kinds.sort(key=lambda pair: n_sizes(pair[1]))
    parts = []
    for start in range(0, len(kinds), STACK):
        stack = [task for _, task in kinds[start : start + STACK]]
        members = fit_members(*zip(*(prepared(task.curve) for task in stack), strict=True))
        parts.append(_answers(members, stack))
        print(f"{start + len(stack)} of {len(kinds)} cases", file=sys.stderr)
    features, ahead, variance, truth = (np.concatenate(each) for each in zip(*parts, strict=True))
    return Cases(
        [kind for kind, _ in kinds],
        [task.group for _, task in kinds],
        [fold_of(task) for _, task in kinds],
        features,
        ahead,
        variance,
        truth,
    )


def _answers(members: Members, stack: Sequence[Task]) -> tuple[Array, Array, Array, Array]:
    asked = [_spread_out(task) for task in stack]
    x = np.log([sizes for sizes, _ in asked]) - members.last[:, None]
    ahead, variance = members.ahead(x)
    features = members.features(x, ahead, variance)
    noise = members.noise[:, None] ** 2
    return features, ahead, variance + noise, np.log([errors for _, errors in asked])


def _spread_out(task: Task) -> tuple[Array, Array]:
    order = np.argsort(task.sizes, kind="stable")
    picked = order[np.linspace(0, order.size - 1, ASKED).round().astype(int)]
    return task.sizes[picked], task.errors[picked]


def n_sizes(task: Task) -> int:
    """Distinct sizes that may be seen."""
    return int(np.unique(task.curve.sizes).size)


def data_set_of(task: Task) -> str:
    """What was measured side by side: the other models and settings on one data set."""
    parts = task.name.split("/")
    if task.group == "IC":
        return "IC " + parts[1].rsplit("_", 1)[0]
    if task.group == "BB":
        return "BB " + parts[1].split(",")[0]
    return f"LCDB {parts[1]}" if task.group == "LCDB" else task.group


def fold_of(task: Task) -> str:
    """What is kept out together."""
    parts = task.name.split("/")
    if task.group in ("IC", "BB"):
        return data_set_of(task)
    if task.group == "LCDB":
        return f"LCDB {int(parts[1]) % LCDB_FOLDS}"
    if task.group == GROUP:
        return f"{GROUP} {int(parts[1]) % FOLDS}"
    return task.name


def scale_of(features: Array) -> tuple[Array, Array]:
    """Mean and standard deviation of each feature; the constant one stays as it is."""
    flat = features.reshape(-1, features.shape[2])
    mean, sd = flat.mean(axis=0), flat.std(axis=0)
    mean[0], sd[0] = 0.0, 1.0
    return mean, sd


def shares(score: Array) -> Array:
    """Softmax over the last axis."""
    share = np.exp(score - score.max(axis=-1, keepdims=True))
    return np.asarray(share / share.sum(axis=-1, keepdims=True))


def learn(z: Array, cases: Cases, which: Mask) -> Array:
    """Coefficients A (F, 4) that make the weighted RMSLE of the cases marked small."""
    ahead, truth, clipped = cases.ahead[which], cases.truth[which], cases.clipped[which]
    value = _value(cases)[which]
    shape = (z.shape[2], ahead.shape[2])
    prior = np.zeros(shape)
    prior[0, 3] = STAY
    ridge = np.full((shape[0], 1), RIDGE)
    ridge[FIRST_MINOR:] *= MINOR
    ridge[0] = 0.1 * RIDGE  # the constants are the features that surely matter

    def objective(flat: Array) -> tuple[float, Array]:
        a = flat.reshape(shape)
        share = shares(z @ a)
        centre = (share * ahead).sum(axis=2)
        within = ~clipped | ((centre > FLOOR) & (centre < 0))
        off = np.where(clipped, np.clip(centre, FLOOR, 0), centre) - truth
        score = np.sqrt((off**2).mean(axis=1) + SMOOTH)
        pull = (value / score / off.shape[1])[:, None] * off * within
        along = pull[:, :, None] * share * (ahead - centre[:, :, None])
        gradient = np.einsum("bhf,bhk->fk", z, along) + 2 * ridge * (a - prior)
        total = float(value @ score + (ridge * (a - prior) ** 2).sum())
        return total, gradient.ravel()

    found = minimize(
        objective, prior.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 150}
    )
    return np.asarray(found.x.reshape(shape))


def _value(cases: Cases) -> Array:
    """What a unit of RMSLE of each case counts; (N,)."""
    plain = rmsle(cases, cases.ahead[:, :, :3].mean(axis=2))
    value = np.zeros(plain.size)
    for kind, much in KIND_SHARE.items():
        for group, say in GROUP_SHARE.items():
            held = cases.where(kind, group)
            if held.any():
                value[held] = much * say / held.sum() / plain[held].mean()
    return value


def rmsle(cases: Cases, centre: Array) -> Array:
    """Of each case; (N,)."""
    centre = np.where(cases.clipped, np.clip(centre, FLOOR, 0), centre)
    return np.asarray(np.sqrt(((centre - cases.truth) ** 2).mean(axis=1)))


def scored(cases: Cases, centre: Array) -> dict[str, dict[str, list[float]]]:
    """Mean and median RMSLE by kind of case and group."""
    each = rmsle(cases, centre)
    table: dict[str, dict[str, list[float]]] = {}
    for kind in KIND_SHARE:
        table[kind] = {}
        for group in (*GROUPS, GROUP):
            held = each[cases.where(kind, group)]
            if held.size:
                table[kind][group] = [
                    round(float(held.mean()), 5),
                    round(float(np.median(held)), 5),
                ]
    return table


def learn_width(z: Array, cases: Cases, deviation: Array, off: Array, which: Mask) -> Array:
    """Coefficients (F,) of log half width over deviation: the 90 % quantile of what was off.

    Quantile regression: the pinball loss, smoothed at its kink over SOFT.
    """
    z, ratio = z[which], np.log(off / deviation + 1e-3)[which]
    value = _say(cases)[which][:, None] / ratio.shape[1]
    ridge = np.full(z.shape[2], WIDTH_RIDGE)
    ridge[0] = 0.0

    def objective(b: Array) -> tuple[float, Array]:
        miss = ratio - z @ b
        loss = SOFT * np.logaddexp(0, miss / SOFT) - 0.1 * miss
        pull = -value * (expit(miss / SOFT) - 0.1)
        gradient = np.einsum("bh,bhf->f", pull, z) + 2 * ridge * b
        return float((value * loss).sum() + ridge @ b**2), gradient

    found = minimize(objective, np.zeros(z.shape[2]), jac=True, method="L-BFGS-B")
    return np.asarray(found.x)


def _say(cases: Cases) -> Array:
    """What each case counts in the width: as many of IC and LCDB, the others little; (N,)."""
    say = np.zeros(len(cases.kind))
    for kind, much in WIDTH_KIND_SHARE.items():
        for group, part in WIDTH_GROUP_SHARE.items():
            held = cases.where(kind, group)
            say[held] = much * part / max(int(held.sum()), 1)
    return say


def covered(cases: Cases, off: Array, half: Array) -> dict[str, list[float]]:
    """Coverage and mean interval score of the 90 % band by group, on the whole tasks."""
    table = {}
    for group in (*GROUPS, GROUP):
        held = cases.where("whole", group)
        inside = off[held] <= half[held]
        score = 2 * half[held] + 20 * np.maximum(off[held] - half[held], 0)
        table[group] = [round(float(inside.mean()), 4), round(float(score.mean()), 4)]
    return table


if __name__ == "__main__":
    sys.exit(main())
