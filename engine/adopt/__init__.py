"""Results that people already have: runs of other projects, read by those projects' own code.

A reader (mlflow, tensorboard, optuna, wandb, table) gives Runs; a Question says which of their
names is the size, which the error; `answer` makes points of both. Nothing is guessed in silence,
and no reader opens a pickle or sends anything but to the address that it was given.
"""
