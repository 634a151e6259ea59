"""The predictors of papers, one wing each; registry.py names them."""
