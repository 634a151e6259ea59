"""Predictors of any network, given as a computation graph."""
