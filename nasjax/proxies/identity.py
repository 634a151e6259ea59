"""What kept scores of cells depend on: digests for the cache."""

import functools
import hashlib
import pathlib

import jax.numpy as jnp
import numpy as np

from nasjax import compiler, operators
from nasjax.spaces import base as spaces_base
from nasjax.spaces import registry

_ROOT = pathlib.Path(__file__).parent.parent
_DRAWN = 1024


def of_cells(space: spaces_base.Space, genotypes: np.ndarray) -> str:
  """Digest of a space and of cells of it `[n, G]`.

  Of a user's space the drawings of some cells and the operators enter, so that
  a changed class has another one.
  """
  digest = hashlib.sha256(space.name.encode())
  digest.update(np.ascontiguousarray(genotypes, np.int8).tobytes())
  if not registry.is_shipped(space.name) and len(genotypes):
    known = {each.name: each for each in operators.operators()}
    digest.update(repr([known[n] for n in space.operator_names]).encode())
    rows = np.resize(genotypes, (_DRAWN, genotypes.shape[1]))
    drawn = compiler.jit(space.encode, quick=True)(jnp.asarray(rows, jnp.int8))
    for field in drawn:
      digest.update(np.asarray(field).tobytes())
  return digest.hexdigest()


@functools.cache
def of_code(*rooms: str) -> str:
  """Digest of the sources of some rooms of nasjax."""
  digest = hashlib.sha256()
  for room in rooms:
    for path in sorted((_ROOT / room).rglob("*.py")):
      digest.update(path.read_bytes())
  return digest.hexdigest()
