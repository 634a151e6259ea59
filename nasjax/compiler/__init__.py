"""Compilation of programs by XLA, with the options of nasjax."""

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp

from nasjax.compiler import program_cache

# XLA's fused matrix products of the CPU (YNNPACK, jaxlib 0.10) read wrong
# memory where an activation has a leading axis of size one, as one member of an
# ensemble gives it, and are slow inside the training step of an ensemble.
_CPU = {"xla_cpu_experimental_ynn_fusion_type": ""}
# Initial parameters are drawn once, by a program with a loop for each of them.
_QUICK = {"xla_backend_optimization_level": "0"}
# Programs with many branches: half the time to compile, and no slower to run.
_LIGHT = {"xla_backend_optimization_level": "1"}


@contextlib.contextmanager
def own_numbers() -> Iterator[None]:
  """32-bit numbers and the promotion that JAX has by default; a decorator too.

  A process may ask for other ones (`JAX_ENABLE_X64`,
  `jax_numpy_dtype_promotion`). nasjax traces and runs its programs as if it had
  not, so that the numbers are the same, bit for bit.
  """
  with jax.enable_x64(False), jax.numpy_dtype_promotion("standard"):
    yield


class Program:
  """A compiled function, always run with `own_numbers`; see `jit`."""

  def __init__(self, jitted: Any):
    """Wraps what `jax.jit` returned."""
    self._jitted = jitted

  def __call__(self, *args: Any, **kwargs: Any) -> Any:
    """Runs the program."""
    with own_numbers():
      return self._jitted(*args, **kwargs)

  def __getattr__(self, name: str) -> Any:
    """Whatever else a function that `jax.jit` returned has."""
    return getattr(self._jitted, name)

  def lower(self, *args: Any, **kwargs: Any) -> Any:
    """As `lower` of a function that `jax.jit` returned."""
    with own_numbers():
      return self._jitted.lower(*args, **kwargs)


def jit(
  function: Callable[..., Any],
  *,
  quick: bool = False,
  light: bool = False,
  fused: bool = False,
  **keywords: Any,
) -> Program:
  """`jax.jit` as every program of nasjax is compiled.

  Compiled programs are kept for later processes (`program_cache`).

  Args:
    function: what is compiled; its products are those of `float32`.
    quick: whether it runs once, so that it should compile fast.
    light: whether it compiles slowly for what it computes: XLA optimises less.
    fused: whether XLA may fuse matrix products on the CPU: for programs without
      an activation whose leading axis has size one, and that are faster so.
    **keywords: keywords of `jax.jit`.
  """
  program_cache.use()
  chosen = quick_options() if quick else ({} if fused else options())
  if light and jax.default_backend() == "cpu":
    chosen = {**chosen, **_LIGHT}
  jitted = jax.jit(float32(function), compiler_options=chosen, **keywords)
  return Program(jitted)


def float32(function: Callable[..., Any]) -> Callable[..., Any]:
  """Has a traced function compute products of float32 numbers in float32.

  Accelerators round the factors to fewer bits by default (TF32 on GPUs,
  bfloat16 on TPUs). On an H100, features of cells then erred by 2e-4 of their
  value and scores by 5e-4, and a score depended on the cells beside it. On a
  CPU nothing changes.
  """

  @functools.wraps(function)
  def exact(*args, **kwargs):
    with jax.default_matmul_precision("highest"):
      return function(*args, **kwargs)

  return exact


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
