"""Reported trainings: what a config names, the run, its workdir."""
