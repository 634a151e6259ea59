"""Benchmarks: named labels of real trainings, and their loaders."""
