"""Configs of predictors of any network: `train.py --config=gennape/custom`."""
