"""How much memory a process may have, from what the system says of its control groups."""

import pytest

from engine.training import memory

MB = 2**20


@pytest.fixture
def groups(tmp_path):
    """Lay a machine's control groups down: those of this process, and the files in them."""

    def lay(own: str, **limits: str):
        (tmp_path / "own").write_text(own)
        for path, said in limits.items():
            file = tmp_path / "groups" / path.replace("__", "/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(said + "\n")
        return tmp_path / "own", tmp_path / "groups"

    return lay


@pytest.fixture
def machine(groups):
    """What there is without a control group."""
    return memory.limit(*groups(""))


def test_without_a_control_group_it_is_the_machines(machine):
    assert machine > 100 * MB


@pytest.mark.parametrize("around", ["max", str(400 * MB)])
def test_a_group_of_version_2_holds_it_to_less_and_so_does_one_around_it(groups, around):
    limits = {"jobs__memory.max": around, "jobs__mine__memory.max": str(300 * MB)}
    assert memory.limit(*groups("0::/jobs/mine\n", **limits)) == 300 * MB
    limits |= {"jobs__memory.max": str(200 * MB)}
    assert memory.limit(*groups("0::/jobs/mine\n", **limits)) == 200 * MB


def test_a_group_of_version_1_holds_it_to_less(groups):
    own = "5:devices:/jobs\n4:memory:/jobs\n0::/\n"
    limit = {"memory__jobs__memory.limit_in_bytes": str(300 * MB)}
    assert memory.limit(*groups(own, **limit)) == 300 * MB


def test_in_a_container_that_sees_its_own_group_by_name_alone_the_mounted_one_counts(groups):
    own = groups("0::/../outside\n", **{"memory.max": str(300 * MB)})
    assert memory.limit(*own) == 300 * MB


def test_a_group_without_a_limit_holds_nothing(groups, machine):
    assert memory.limit(*groups("0::/jobs\n", **{"jobs__memory.max": "max"})) == machine
