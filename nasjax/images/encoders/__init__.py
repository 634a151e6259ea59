"""Frozen image encoders: ImageNet networks with their forward pass in JAX."""
