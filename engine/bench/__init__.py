"""Measurements of the estimators themselves: what a claim about them rests on."""
