"""Configs of arch2vec: `train.py --config=arch2vec/nb201`."""
