"""Searches in representations: arch2vec, adjacency, and other searches."""
