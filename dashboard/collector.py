"""Python's garbage collector, spared what is no garbage."""

import gc
from functools import lru_cache


@lru_cache(maxsize=1)
def spare() -> None:
    """Put all that is there by the end of the first turn out of the collector's reach.

    Streamlit has it look at everything after every turn, all imported modules too, while the page
    waits for what the turn sent: 67 ms on a slow core, and none once this is done. What garbage
    there is by then, some ten objects, stays; to look for it would take as long.
    """
    gc.freeze()
