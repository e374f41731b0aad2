"""A study: what to train, in which order, where to write it, and how to go on after a stop."""
