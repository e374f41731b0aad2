"""The learned weights of a forecast's members: a softmax, and for these members alone."""

import numpy as np
import pytest

from engine.laws.members import FEATURES, MEMBERS
from engine.laws.mixture import Mixture, mixture_of, shipped, shipped_record


def test_two_members_trade_weights_as_the_logistic_law_says() -> None:
    """One feature of mean 2 and deviation 0.5; only the first member's score feels it."""
    mixture = Mixture(
        np.array([2.0]), np.array([0.5]), np.array([[1.0, 0.0]]), np.array([np.log(2.0)])
    )
    features = np.array([[1.5], [2.0], [3.0], [99.0]])
    z = np.array([-1.0, 0.0, 2.0, 3.0])  # the last one counts as three deviations
    assert mixture.weights(features)[:, 0] == pytest.approx(1 / (1 + np.exp(-z)))
    assert mixture.weights(features).sum(axis=1) == pytest.approx(1.0)
    assert mixture.widening(features) == pytest.approx(2.0**z)


def test_scores_beyond_the_range_of_floats_still_give_weights() -> None:
    mixture = Mixture(np.array([0.0]), np.array([1.0]), np.array([[1000.0, 0.0]]), np.array([0.0]))
    assert mixture.weights(np.array([[1.0], [-1.0]])).tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_the_shipped_mixture_holds_a_number_for_each_feature_and_member() -> None:
    mixture = shipped()
    assert mixture.coefficients.shape == (len(FEATURES), len(MEMBERS))
    assert len(mixture.mean) == len(mixture.sd) == len(mixture.width) == len(FEATURES)
    assert (mixture.sd > 0).all()


@pytest.mark.parametrize("what", ["members", "features"])
def test_a_mixture_learned_for_others_is_refused(what: str) -> None:
    record = shipped_record()
    assert mixture_of(record).mean.size == len(FEATURES)
    with pytest.raises(ValueError, match="learned for other members or features"):
        mixture_of({**record, what: record[what][::-1]})
