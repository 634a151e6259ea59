"""The report on predictors of any network."""
