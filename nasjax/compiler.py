"""How nasjax has its programs compiled by XLA."""

import functools

import jax
import jax.numpy as jnp

# XLA's fused matrix products of the CPU (YNNPACK, jaxlib 0.10) read wrong
# memory where an activation has a leading axis of size one, as one member of an
# ensemble gives it, and are slow inside a training step.
_CPU = {"xla_cpu_experimental_ynn_fusion_type": ""}
# Initial parameters are drawn once, by a program with a loop for each of them.
_QUICK = {"xla_backend_optimization_level": "0"}


@functools.cache
def options() -> dict[str, str]:
  """Returns the compiler options of every program of nasjax.

  Fused products are off on the CPU, see above; on other devices, and with an
  XLA that does not have them, there is nothing to set.
  """
  if jax.default_backend() != "cpu":
    return {}
  try:
    jax.jit(lambda x: x + 1, compiler_options=_CPU)(jnp.zeros(()))
  except jax.errors.JaxRuntimeError:
    return {}
  return _CPU


def quick_options() -> dict[str, str]:
  """Returns options of programs that run once: they compile fast."""
  if jax.default_backend() != "cpu":
    return options()
  return {**options(), **_QUICK}
