"""Kernel regressions of the transfer predictor.

Three sets of features, two kernels each.

Dimensions: `n` architectures, `m` source cells, `P` features, `M` models.
"""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from nasjax import compiler
from nasjax.features import cell_physical

LAPLACE, GAUSSIAN = 0.3, 0.05
"""Rates of the kernels: `exp(-rate * mean |a - b|)`, and of the square."""
RIDGE = 1.0
"""Noise of a label in units of the variance of the kernel."""
_BLOCK = 64

_FEW = (
  "nodes (spatial)",
  "nodes (1x1)",
  "nodes (pool)",
  "most on paths (conv)",
  "most on paths (spatial)",
  "least on paths (conv)",
  "mean on paths (conv)",
  "mean on paths (spatial)",
  "most without pool (conv)",
  "share of paths without conv",
  "share of paths without spatial",
  "some path without conv",
  "width (conv)",
  "log2 kernel area",
  "share of pool nodes",
)
_FINE = ("edges ", "spread on", "walks on")


def _groups() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
  """Columns of the few features, of those beside them, and of the rest."""
  few, middle, rest = [], [], []
  for place, name in enumerate(cell_physical.NAMES):
    group = rest if name.startswith(_FINE) else middle
    (few if name in _FEW else group).append(place)
  return np.array(few), np.array(middle), np.array(rest)


GROUPS = _groups()
SETS = ("few", "most", "all")
MODELS = tuple(
  f"{features}, {kernel}"
  for features in SETS
  for kernel in ("Laplace", "Gaussian")
)
"""Names of the `M` models; the sets of features hold each other."""
ALL_ONLY = tuple(name for name in MODELS if name.startswith("all"))


class Source(NamedTuple):
  """Cells of the space that was learnt from, and the solved regressions.

  Attributes:
    features: in units of their spread over these cells, `[m, P]` float32.
    mean: of the features, `[P]`.
    spread: of the features, `[P]`.
    coefficients: `[M, m]` float32.
  """

  features: np.ndarray
  mean: np.ndarray
  spread: np.ndarray
  coefficients: np.ndarray


def similarities(cells: jax.Array, others: jax.Array) -> list[jax.Array]:
  """Similarities `[n, m]` of features `[n, P]` and `[m, P]`, one a model."""
  found, size = [], 0
  absolute = squared = jnp.zeros((len(cells), len(others)), cells.dtype)
  for group in GROUPS:
    own, their = cells[:, group], others[:, group]
    apart = own[:, None, :] - their[None, :, :]
    absolute = absolute + jnp.abs(apart).sum(axis=-1)
    squared = squared + (apart**2).sum(axis=-1)
    size += len(group)
    found += [
      jnp.exp(-LAPLACE / size * absolute),
      jnp.exp(-GAUSSIAN / size * squared),
    ]
  return found


def fit(features: np.ndarray, targets: np.ndarray) -> Source:
  """Solves the regressions of targets `[m]` on features `[m, P]`."""
  mean = features.mean(axis=0, dtype=np.float64)
  spread = features.std(axis=0, dtype=np.float64)
  spread = np.where(spread > 1e-6, spread, 1.0)
  scaled = ((features - mean) / spread).astype(np.float32)
  noise = RIDGE * np.eye(len(targets))
  solved = [
    np.linalg.solve(np.asarray(each, np.float64) + noise, targets)
    for each in _blocks(scaled)
  ]
  return Source(
    scaled,
    mean.astype(np.float32),
    spread.astype(np.float32),
    np.stack(solved).astype(np.float32),
  )


def _blocks(scaled: np.ndarray) -> list[np.ndarray]:
  """Similarities of cells with each other, `[m, m]`, one a model."""
  program = compiler.jit(similarities)
  parts = [
    [np.asarray(each) for each in program(block, scaled)]
    for block in np.array_split(scaled, max(1, len(scaled) // _BLOCK))
  ]
  return [np.concatenate(each) for each in zip(*parts, strict=True)]


def predict(
  source: Source, features: np.ndarray, weights: np.ndarray
) -> np.ndarray:
  """Predicts targets of architectures, `[n]` float64.

  Args:
    source: the solved regressions.
    features: in physical units, `[n, P]`.
    weights: of the models, `[M]`.
  """
  num = len(features)
  blocks = 1 << (max(-(-num // _BLOCK), 1) - 1).bit_length()
  scaled = (features - source.mean) / source.spread
  padded = np.zeros((blocks, _BLOCK, scaled.shape[1]), np.float32)
  padded.reshape(-1, scaled.shape[1])[:num] = scaled
  total = weights[:, None].astype(np.float32) * source.coefficients
  count = jnp.asarray(-(-num // _BLOCK), jnp.int32)
  found = _program()(padded, source.features, total, count)
  return np.asarray(found, np.float64).reshape(-1)[:num]


@functools.cache
def _program():
  def compute(blocks, others, coefficients, count):
    def fill(place, found):
      near = similarities(blocks[place], others)
      terms = [a @ c for a, c in zip(near, coefficients, strict=True)]
      return found.at[place].set(sum(terms))

    empty = jnp.zeros(blocks.shape[:2], jnp.float32)
    return jax.lax.fori_loop(0, count, fill, empty)

  return compiler.jit(compute)
