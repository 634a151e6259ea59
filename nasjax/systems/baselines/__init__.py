"""The predictors that others published, for comparison."""
