"""Plateau, power law and floor of each curve in words, and whose a floor is; folded away."""

from collections.abc import Callable, Sequence
from functools import lru_cache

import streamlit as st

from dashboard import panels, words
from dashboard.fold import fold
from engine.curve import Curve
from engine.laws.capacity_floor import capacity_floor
from engine.laws.fit import Fit
from engine.laws.zones import zones

remembered_capacity_floor = lru_cache(maxsize=64)(capacity_floor)


def zoned(fits: Sequence[Fit], fixed_sizes: Callable[[], Sequence[Curve]]) -> None:
    """What the zones of each curve are.

    Args:
        fits: what is shown.
        fixed_sizes: gives the curves of fixed size of the same study; () where none are known.
    """
    room = fold("Plateau, power law, floor: where, and how sure", "zones")
    if room is None:
        return
    fixed = fixed_sizes()
    with room:
        for fit in fits:
            found = zones(fit.curve)
            said = f"**{panels.named(fit.curve)}:** {words.plain(words.sentence(found.sentence))}"
            own = tuple(c for c in fixed if c.name.rpartition(", ")[0] == fit.curve.name)
            if own and found.floor_chance >= 0.5:
                whose = remembered_capacity_floor(fit.curve, own).sentence
                said += f" {words.plain(words.sentence(whose))}"
            st.markdown(said)
        st.caption(
            "Of all sizes, whatever the windows. Eight laws, with or without a plateau and a floor,"
            " are weighed against each other; chances are how much of the weight lies with those"
            " that have one."
        )
