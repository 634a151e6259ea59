"""Computation graphs of JAX functions, read from their jaxprs."""

from nasjax.computation.jaxpr.sources import from_flax, from_jax

__all__ = ["from_flax", "from_jax"]
