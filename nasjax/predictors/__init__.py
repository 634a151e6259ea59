"""Predictors as people use them: fit, predict, save, load, export."""
