"""The engine: curves, laws, models, training and studies. Importing it imports no torch."""

VERSION = "0.1.0"
