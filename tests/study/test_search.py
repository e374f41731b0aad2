from engine.study.search import choose
from engine.training.group import Candidate


def trained(capacity, rate, seed, loss, status="finished"):
    return Candidate(
        model="mlp",
        capacity=capacity,
        parameters=capacity,
        learning_rate=rate,
        size=100,
        seed=seed,
        shard_hash="",
        status=status,
        reason="",
        steps=1,
        best_step=1,
        evaluations=1,
        validation_loss=loss,
        train_loss=None,
        train_error=None,
    )


def test_the_median_over_seeds_wins_not_the_luckiest_seed():
    lucky = [trained(10, 0.1, seed, loss) for seed, loss in enumerate((0.1, 3.0, 3.0))]
    steady = [trained(20, 0.1, seed, loss) for seed, loss in enumerate((2.0, 2.0, 2.0))]
    choice = choose(lucky + steady, planned=6)
    assert (choice.capacity, choice.score) == (20, 2.0)
    assert [run.seed for run in choice.runs] == [0, 1, 2]


def test_a_pruned_candidate_is_not_chosen_while_a_whole_one_is_there():
    pruned = [trained(10, 0.1, 0, 1.0, "pruned"), trained(10, 0.1, 1, 1.0)]
    whole = [trained(10, 0.3, seed, 1.2) for seed in (0, 1)]
    assert choose(pruned + whole, planned=4).learning_rate == 0.3


def test_a_winner_at_the_largest_capacity_is_marked():
    runs = [trained(10, 0.1, 0, 2.0), trained(20, 0.1, 0, 1.0)]
    assert choose(runs, planned=2).capacity_at_edge
    runs = [trained(10, 0.1, 0, 1.0), trained(20, 0.1, 0, 2.0)]
    assert not choose(runs, planned=2).capacity_at_edge


def test_a_winner_at_either_end_of_the_learning_rates_is_marked():
    runs = [trained(10, rate, 0, loss) for rate, loss in ((0.1, 2.0), (0.3, 1.0), (1.0, 2.0))]
    assert not choose(runs, planned=3).rate_at_edge
    assert choose(runs[:2], planned=2).rate_at_edge


def test_failed_trainings_cut_the_budget_and_never_win():
    runs = [trained(10, 0.1, 0, None, "failed"), trained(10, 0.3, 0, 1.0)]
    choice = choose(runs, planned=2)
    assert choice.learning_rate == 0.3
    assert choice.cut


def test_missing_trainings_cut_the_budget():
    assert choose([trained(10, 0.1, 0, 1.0)], planned=2).cut
    assert not choose([trained(10, 0.1, 0, 1.0)], planned=1).cut


def test_where_everything_failed_there_is_no_choice():
    assert choose([trained(10, 0.1, 0, None, "failed")], planned=1) is None
