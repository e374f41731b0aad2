"""Learn `engine/laws/mixture.json`: `python -m engine.bench.learn FOLDER`, about 3 minutes.

From both files of `engine.bench.tasks`: every task as it stands, cut short at a half, a quarter
and an eighth of what it may see (the rest of that being the answer), and the LCDB curves also
thinned to sizes a factor 1.4 and 2 apart, as studies of few sizes have them. What is made small is

    sum over tasks of v * RMSLE + RIDGE * |A - A0|^2

where v gives each group its share (GROUP_SHARE) in units of what the plain mean of filter, floor
law and broken law scores there. Cross-validated by data set: all IC tasks of one data set, a
sixth of LCDB's data sets, one NMT or LM task or one BB subject are kept out together, for the
scores in the file and for the widening of the band, which rests on kept-out residuals alone.
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

from engine.bench.tasks import GROUPS, LCDB, PUBLISHED, Task, cut, read_tasks, thinned
from engine.laws.forecast import prepared, variance_of
from engine.laws.members import FEATURES, MEMBERS, Members, fit_members
from engine.laws.mixture import FARTHEST

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

RIDGE = 0.03  # .3, .1, .03 gave IC .0259, .0253, .0252 and LCDB .1031, .1018, .0988, kept out
GROUP_SHARE = {"IC": 1.0, "NMT": 0.5, "LM": 0.5, "BB": 0.5, "LCDB": 1.0}  # few tasks, less say
KIND_SHARE = {"whole": 1.0, "cut": 0.5, "thinned": 0.5}
CUTS = ((2, 2.0), (4, 4.0), (8, 4.0))  # seen up to largest / first, asked up to second times that
STEPS = (1.41, 2.0)
LEAST_CUT, LEAST_THINNED = 8, 5  # sizes
STAY = -2.0  # prior log weight of the member that stays, beside 0 of the others
LCDB_FOLDS = 6
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
    parser.add_argument("--out", type=Path, default=None)
    options = parser.parse_args(arguments)
    cases = cases_of(read_tasks(options.folder))
    mean, sd = scale_of(cases.features)
    z = np.clip((cases.features - mean) / sd, -FARTHEST, FARTHEST)
    kept_out = np.empty(cases.ahead.shape)
    for fold in sorted(set(cases.fold)):
        outside = np.array([name == fold for name in cases.fold])
        learned = learn(z[~outside], cases, ~outside)
        kept_out[outside] = shares(z[outside] @ learned)
        print(f"{fold} kept out", file=sys.stderr)
    centre = (kept_out * cases.ahead).sum(axis=2)
    scores = scored(cases, centre)
    width = widening(cases, kept_out, centre)
    print(json.dumps({"scores": scores, "widening": width}, indent=1))
    everything = np.ones(len(cases.kind), dtype=bool)
    held = {
        "members": MEMBERS,
        "features": FEATURES,
        "origin": f"engine.bench.learn on {PUBLISHED} and {LCDB}: {len(cases.kind)} cases",
        "kept_out_rmsle": scores,
        "widening": width,
        "mean": mean.round(6).tolist(),
        "sd": sd.round(6).tolist(),
        "coefficients": learn(z, cases, everything).round(5).tolist(),
    }
    out = options.out or Path(__file__).parents[1] / "laws" / "mixture.json"
    out.write_text(json.dumps(held, indent=1) + "\n", encoding="utf-8")
    return 0


def cases_of(tasks: Sequence[Task]) -> Cases:
    """Every task whole, cut and thinned, with all members fitted."""
    kinds = [("whole", task) for task in tasks]
    for task in tasks:
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
        [_fold(task) for _, task in kinds],
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


def _fold(task: Task) -> str:
    """What is kept out together."""
    parts = task.name.split("/")
    if task.group == "IC":
        return "IC " + parts[1].rsplit("_", 1)[0]
    if task.group == "LCDB":
        return f"LCDB {int(parts[1]) % LCDB_FOLDS}"
    if task.group == "BB":
        return "BB " + parts[1].split(",")[0]
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
        for group in GROUPS:
            held = each[cases.where(kind, group)]
            if held.size:
                table[kind][group] = [
                    round(float(held.mean()), 5),
                    round(float(np.median(held)), 5),
                ]
    return table


def widening(cases: Cases, share: Array, centre: Array) -> float:
    """Half of the band in its standard deviations: 90 % of kept-out errors lie inside.

    The mean over IC and LCDB, the two groups with enough curves, of each one's own quantile.
    """
    sd = np.sqrt(variance_of(cases.ahead, share, centre) + cases.variance)
    off = np.abs(cases.truth - centre) / sd
    own = [np.quantile(off[cases.where("whole", group)], 0.9) for group in ("IC", "LCDB")]
    for group in GROUPS:
        held = off[cases.where("whole", group)]
        inside = [round(float((held <= k).mean()), 3) for k in (*own, np.mean(own), 1.645)]
        print(f"{group} covered at {np.round([*own, np.mean(own), 1.645], 3)}: {inside}")
    return round(float(np.mean(own)), 4)


if __name__ == "__main__":
    sys.exit(main())
