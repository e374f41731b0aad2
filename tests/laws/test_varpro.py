"""The batched solver against independent solvers and against itself one by one."""

import numpy as np
import pytest
from scipy.ndimage import minimum_filter
from scipy.optimize import least_squares

from engine.laws.varpro import (
    FLATTEST,
    FULLEST,
    GRID_EXPONENTS,
    RIVAL,
    STEEPEST,
    _grid_shares,
    _inverse,
    _least_near,
    _Problem,
    _stand,
    _starts,
    _step,
    floor_fits,
    power_fits,
)

# NIST Statistical Reference Datasets, linear regression, "Norris": 36 pairs (y, x) and the
# certified slope, intercept, their standard error and the residual standard deviation.
NORRIS = np.array([
    (0.1, 0.2), (338.8, 337.4), (118.1, 118.2), (888.0, 884.6), (9.2, 10.1), (228.1, 226.5),
    (668.5, 666.3), (998.5, 996.3), (449.1, 448.6), (778.9, 777.0), (559.2, 558.2), (0.3, 0.4),
    (0.1, 0.6), (778.1, 775.5), (668.8, 666.9), (339.3, 338.0), (448.9, 447.5), (10.8, 11.6),
    (557.7, 556.0), (228.3, 228.1), (998.0, 995.8), (888.8, 887.6), (119.6, 120.2), (0.3, 0.3),
    (0.6, 0.3), (557.6, 556.8), (339.3, 339.1), (888.0, 887.2), (998.5, 999.0), (778.9, 779.0),
    (10.2, 11.1), (117.6, 118.3), (228.9, 229.2), (668.4, 669.1), (449.2, 448.9), (0.2, 0.5),
])  # fmt: skip


def law(log_sizes: np.ndarray, log_alpha: float, beta: float, gamma: float) -> np.ndarray:
    return np.log(np.exp(log_alpha + beta * log_sizes) + gamma)


def multi_start(x: np.ndarray, y: np.ndarray, w: np.ndarray) -> float:
    """SSE of the best of 21 bounded starts of scipy's least_squares on the same objective."""
    sse = np.inf
    for beta in (-0.02, -0.1, -0.3, -0.6, -1.0, -2.0, -5.0):
        for share in (1e-6, 0.5, 0.95):
            gamma = share * np.exp(y.min())
            log_alpha = np.log(max(np.exp(y[0]) - gamma, 1e-9)) - beta * x[0]
            found = least_squares(
                lambda p: np.sqrt(w) * (y - law(x, *p)),
                [log_alpha, beta, gamma],
                bounds=([-np.inf, STEEPEST, 0], [np.inf, -1e-3, np.inf]),
                x_scale=[1, 1, 0.1],
                xtol=1e-15,
                ftol=1e-15,
                gtol=1e-15,
                max_nfev=2000,
            )
            sse = min(sse, 2 * found.cost)
    return sse


def test_a_line_has_the_certified_slope_and_error_of_nist_norris() -> None:
    y, x = NORRIS.T
    line = power_fits(x, y[None], np.ones((1, 36)))
    residual_variance = line.sse[0] / 34
    assert line.exponent[0] == pytest.approx(1.00211681802045, rel=1e-12)
    assert line.log_coefficient[0] == pytest.approx(-0.262323073774029, rel=1e-10)
    assert np.sqrt(residual_variance) == pytest.approx(0.884796396144373, rel=1e-12)
    standard_error = np.sqrt(residual_variance / line.information[0])
    assert standard_error == pytest.approx(0.000429796848199937, rel=1e-12)


def test_weighted_lines_equal_the_normal_equations() -> None:
    rng = np.random.default_rng(2)
    x, y, w = rng.normal(size=9), rng.normal(size=(5, 9)), rng.uniform(0.1, 5, (5, 9))
    lines = power_fits(x, y, w)
    for row in range(5):
        root = np.sqrt(w[row])
        design = np.stack([x, np.ones(9)], axis=1) * root[:, None]
        solution, sse, *_ = np.linalg.lstsq(design, y[row] * root, rcond=None)
        assert [lines.exponent[row], lines.log_coefficient[row]] == pytest.approx(solution)
        assert lines.sse[row] == pytest.approx(sse[0])


@pytest.mark.parametrize("seed", range(16))
def test_a_floor_fit_reaches_the_optimum_of_many_starts(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(5, 25))
    x = np.sort(rng.uniform(np.log(10), np.log(1e5), n))
    truth = (rng.uniform(-1, 1), -rng.uniform(0.05, 0.9), rng.choice([0, 0.02, 0.1]))
    y = law(x, *truth) + rng.choice([0.003, 0.03, 0.1, 0.3]) * rng.normal(size=n)
    w = rng.uniform(0.3, 3, n)
    assert floor_fits(x, y[None], w[None]).sse[0] <= multi_start(x, y, w) * (1 + 1e-9)


@pytest.mark.parametrize("seed", [11, 54, 68, 113, 369, 561, 665, 732, 800, 2956])
def test_of_several_valleys_the_lowest_is_found(seed: int) -> None:
    """Wild curves of few sizes, which a single start gets wrong by 3 to 120 % of the SSE."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(5, 15))
    x = np.sort(rng.uniform(np.log(10), np.log(1e5), n))
    y = law(x, 0.0, -0.3, 0.1) + 0.3 * rng.normal(size=n)
    beta = -np.geomspace(0.01, 8, 200)[:, None, None]
    share = np.concatenate([[0], np.geomspace(1e-6, 0.99, 200)])[:, None]
    power = np.exp(beta * (x - x[0]))  # (beta, 1, n)
    residual = y - np.log((1 - share) * power + share)
    brute_force = n * residual.var(axis=-1).min()
    assert floor_fits(x, y[None], np.ones((1, n))).sse[0] <= brute_force


@pytest.mark.parametrize("beta", [-0.07, -0.3, -0.9, -2.0])
@pytest.mark.parametrize("gamma", [0.01, 0.3])
def test_an_exact_floor_law_is_recovered_exactly(beta: float, gamma: float) -> None:
    x = np.log(np.geomspace(100, 1e5, 9))
    found = floor_fits(x, law(x, 2.0, beta, gamma)[None], np.ones((1, 9)))
    assert found.exponent[0] == pytest.approx(beta, rel=1e-6)
    assert found.floor[0] == pytest.approx(gamma, rel=1e-6)
    assert found.log_coefficient[0] == pytest.approx(2.0, rel=1e-6)


def test_a_concave_curve_gets_no_floor_and_the_plain_slope() -> None:
    x = np.log(np.geomspace(100, 1e5, 9))
    y = -0.3 * x - 0.02 * (x - x[0]) ** 2
    plain = power_fits(x, y[None], np.ones((1, 9)))
    found = floor_fits(x, y[None], np.ones((1, 9)))
    assert found.floor[0] == 0
    assert found.exponent[0] == pytest.approx(plain.exponent[0], rel=1e-6)
    assert found.sse[0] == pytest.approx(plain.sse[0], rel=1e-9)


def test_a_stack_gives_what_its_rows_give_alone() -> None:
    rng = np.random.default_rng(3)
    x = np.log(np.geomspace(50, 5e4, 12))
    y = law(x, 1.0, -0.4, 0.05) + 0.05 * rng.normal(size=(40, 12))
    w = rng.multinomial(12, np.ones(12) / 12, size=40).astype(float)  # a pairs bootstrap
    stack = floor_fits(x, y, w)
    for row in range(40):
        alone = floor_fits(x, y[row : row + 1], w[row : row + 1])
        assert stack.sse[row] == pytest.approx(alone.sse[0], rel=1e-9)
        assert stack.floor[row] == pytest.approx(alone.floor[0], rel=1e-4, abs=1e-6)


def test_sizes_of_weight_zero_do_not_count() -> None:
    rng = np.random.default_rng(4)
    x = np.log(np.geomspace(50, 5e4, 12))
    y = law(x, 1.0, -0.4, 0.05) + 0.02 * rng.normal(size=12)
    w = np.where(np.arange(12) < 3, 0.0, 1.0)
    masked = floor_fits(x, y[None], w[None])
    cut = floor_fits(x[3:], y[None, 3:], np.ones((1, 9)))
    assert masked.sse[0] == pytest.approx(cut.sse[0], rel=1e-9)
    assert masked.exponent[0] == pytest.approx(cut.exponent[0], rel=1e-6)


def test_variances_equal_those_of_a_numerical_jacobian() -> None:
    x = np.log(np.geomspace(50, 5e4, 12))
    w = np.linspace(0.5, 1.5, 12)
    y = law(x, 1.0, -0.4, 0.05) + 0.02 * np.cos(np.arange(12.0))
    found = floor_fits(x, y[None], w[None])
    at = np.array([found.log_coefficient[0], found.exponent[0], found.floor[0]])
    steps = 1e-6 * np.eye(3)
    jacobian = np.stack([(law(x, *(at + h)) - law(x, *(at - h))) / 2e-6 for h in steps], axis=1)
    covariance = np.linalg.inv(jacobian.T @ (w[:, None] * jacobian))
    assert found.exponent_variance[0] == pytest.approx(covariance[1, 1], rel=1e-5)
    assert found.floor_variance[0] == pytest.approx(covariance[2, 2], rel=1e-5)


def test_the_least_of_a_cell_and_its_neighbours_is_scipys_filter(rng) -> None:
    score = rng.uniform(size=(3, 7, 5))
    near = np.stack([minimum_filter(each, size=3, mode="nearest") for each in score])
    assert np.array_equal(_least_near(score), near)


@pytest.mark.parametrize("shared", [True, False], ids=["weights of all", "weights of each"])
def test_walks_start_from_every_valley_of_the_sse_over_the_grid(rng, shared: bool) -> None:
    log_u = np.r_[0.0, np.sort(rng.uniform(0.5, 7.0, 9))]
    y = law(log_u, 0.0, -0.3, 0.1) + 0.3 * rng.normal(size=(6, 10))
    # the first sizes weigh most, so that weighted means lie far from plain ones
    w = rng.uniform(0.2, 3, (6, 10)) * np.geomspace(30, 0.1, 10)
    w = np.broadcast_to(w[0], w.shape) if shared else w
    shares = _grid_shares(log_u[-1])
    expected = []
    for row in range(6):
        sse = np.empty(shares.shape)
        for i, j in np.ndindex(*shares.shape):
            off = y[row] - np.log(
                (1 - shares[i, j]) * np.exp(GRID_EXPONENTS[i] * log_u) + shares[i, j]
            )
            sse[i, j] = w[row] @ (off - np.average(off, weights=w[row])) ** 2
        lowest = minimum_filter(sse, size=3, mode="nearest")
        for i, j in zip(*np.nonzero((sse <= lowest) & (sse <= RIVAL * sse.min())), strict=True):
            expected.append((row, GRID_EXPONENTS[i], shares[i, j]))
    found = _starts(_Problem(log_u, y, w, w.sum(axis=1)))
    assert list(zip(*(each.tolist() for each in found), strict=True)) == expected


def test_shares_of_the_grid_are_those_at_the_first_and_last_size_and_where_laws_cross() -> None:
    """u = last size over first; at share s of the first, the floor over the law at u is known."""
    span = 3.0
    grid = _grid_shares(span)
    assert (np.diff(grid, axis=1) >= 0).all()
    for exponent, shares in zip(GRID_EXPONENTS, grid, strict=True):

        def floor_share(s, part, exponent=exponent):
            return s / ((1 - s) * np.exp(exponent * span * part) + s)

        at_last = [
            min(shares, key=lambda s: abs(floor_share(s, 1.0) - t)) for t in (0.15, 0.4, 0.7, 0.9)
        ]
        assert floor_share(np.array(at_last), 1.0) == pytest.approx([0.15, 0.4, 0.7, 0.9])
        for part in (0.75, 0.5, 0.3, 0.15, 0.07, 0.0):  # floor and power law are one half each
            assert min(abs(floor_share(shares, part) - 0.5)) == pytest.approx(0, abs=1e-12)
        for share in (0.0, 0.2, 0.8, 0.95):
            assert min(abs(shares - share)) == pytest.approx(0, abs=1e-12)


def test_two_by_two_inverses_are_numpys(rng) -> None:
    root = rng.normal(size=(5, 2, 2))
    hessian = root @ root.transpose(0, 2, 1) + 0.1 * np.eye(2)
    inverse = np.linalg.inv(hessian)
    found = _inverse(hessian[:, 0, 0], hessian[:, 1, 1], hessian[:, 0, 1])
    assert found[0] == pytest.approx(inverse[:, 0, 0])
    assert found[1] == pytest.approx(inverse[:, 1, 1])
    assert found[2] == pytest.approx(inverse[:, 0, 1])


def test_a_walk_knows_the_slopes_and_curvatures_of_the_sse(rng) -> None:
    log_u = np.r_[0.0, np.sort(rng.uniform(0.5, 5.0, 9))]
    y = law(log_u, 0.0, -0.4, 0.1)[None] + 0.2 * rng.normal(size=(1, 10))
    w = rng.uniform(0.2, 3, (1, 10))
    problem, at = _Problem(log_u, y, w, w.sum(axis=1)), np.array([-0.5, 0.2])

    def sse(beta: float, share: float) -> float:
        off = y[0] - np.log((1 - share) * np.exp(beta * log_u) + share)
        return float(w[0] @ (off - np.average(off, weights=w[0])) ** 2)

    h = 1e-4
    b, s = np.array([h, 0.0]), np.array([0.0, h])
    here = _stand(problem, at[:1], at[1:])
    assert here.sse[0] == pytest.approx(sse(*at))
    assert here.gb[0] == pytest.approx((sse(*at - b) - sse(*at + b)) / h / 4, rel=1e-5)
    assert here.gs[0] == pytest.approx((sse(*at - s) - sse(*at + s)) / h / 4, rel=1e-5)
    bent = [(sse(*at + e) - 2 * sse(*at) + sse(*at - e)) / h**2 / 2 for e in (b, s)]
    assert [here.nbb[0], here.nss[0]] == pytest.approx(bent, rel=1e-4)
    corners = sse(*at + b + s) - sse(*at + b - s) - sse(*at - b + s) + sse(*at - b - s)
    assert here.nbs[0] == pytest.approx(corners / h**2 / 8, rel=1e-4)


@pytest.mark.parametrize("damping", [0.0, 0.5])
def test_a_step_is_newtons_where_the_sse_is_convex_and_else_gauss_and_newtons(rng, damping) -> None:
    log_u = np.log(2.0) * np.arange(10)
    y = law(log_u, 0.0, -0.4, 0.1) + 0.2 * rng.normal(size=10)
    beta, share = rng.uniform(-1, -0.05, 400), rng.uniform(0.001, 0.5, 400)
    stack = np.broadcast_to(y, (400, 10))
    here = _stand(_Problem(log_u, stack, np.ones((400, 10)), np.full(400, 10.0)), beta, share)
    newton, gauss = (
        np.stack([np.stack([bb, bs], axis=-1), np.stack([bs, ss], axis=-1)], axis=1)
        for bb, ss, bs in ((here.nbb, here.nss, here.nbs), (here.hbb, here.hss, here.hbs))
    )
    convex = np.linalg.eigvalsh(newton)[:, 0] > 0
    assert 40 < convex.sum() < 360
    assert (here.nbb[~convex] > 0).any()
    hessian = np.where(convex[:, None, None], newton, gauss)
    hessian[:, [0, 1], [0, 1]] *= 1 + damping
    told = np.linalg.cond(hessian) < 1e9  # of others no step is known so well
    gradient = np.stack([here.gb, here.gs], axis=-1)[..., None]
    expected = np.linalg.solve(hessian[told], gradient[told])[..., 0].T
    found = np.stack(_step(here, np.full(400, damping)))[:, told]
    assert told.sum() > 300
    assert found == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("truth", "exponent", "share", "held"),
    [
        (np.log(2.0) * np.arange(8) * 1e-4, FLATTEST, 0.2, (True, False)),  # it rises, slightly
        (law(np.log(2.0) * np.arange(8), 0.0, -0.4, 0.1), FLATTEST, 0.2, (False, False)),
        (np.log(2.0) * np.arange(8) * -9.0, STEEPEST, 1e-30, (True, False)),
        (law(np.log(2.0) * np.arange(8), 0.0, -0.4, 0.1), STEEPEST, 0.2, (False, False)),
        (-0.01 * np.arange(8) ** 2.0, -0.1, 0.0, (False, True)),  # it falls ever faster
        (law(np.log(2.0) * np.arange(8), 0.0, -0.4, 0.1), -0.4, 0.0, (False, False)),
        (law(np.log(2.0) * np.arange(8), 0.0, -0.4, 0.1), -0.4, FULLEST, (False, False)),
        (np.log(2.0) * np.arange(8) * 1e-4, -0.4, FULLEST, (False, True)),
    ],
)
def test_what_is_pressed_against_its_bound_stays_there_and_else_leaves_it(
    truth, exponent, share, held
) -> None:
    log_u = np.log(2.0) * np.arange(8)
    problem = _Problem(log_u, truth[None], np.ones((1, 8)), np.full(1, 8.0))
    here = _stand(problem, np.array([exponent]), np.array([share]))
    step = [float(each[0]) for each in _step(here, np.zeros(1))]
    assert [each == 0.0 for each in step] == list(held)
    if any(held):  # the other walks as if it were alone
        hessian = (here.hbb, here.hss), (here.nbb, here.nss)
        convex = here.nbb[0] > 0 and here.nbb[0] * here.nss[0] > here.nbs[0] ** 2
        other = int(held[0])
        gradient = (here.gb, here.gs)[other][0]
        assert step[other] == pytest.approx(gradient / hessian[int(convex)][other][0])
