"""Embeddings of cells by name: vectors between which searches move.

Dimensions: `n` cells, `G` integers of a genotype, `E` numbers of an embedding.
"""

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np

from nasjax import errors, files
from nasjax.spaces import base as spaces_base

ADJACENCY, ARCH2VEC = "adjacency", "arch2vec"
NAMES = (ADJACENCY, ARCH2VEC)

EmbedFn = Callable[[np.ndarray], Any]  # [n, G] -> [n, E]


class Given:
  """Embeddings of a user: a row for each cell of the space, or a function.

  Attributes:
    given: vectors `[size, E]` in the order of `Space.enumerate()`, or a
      function of genotypes `[n, G]` that returns vectors `[n, E]`.
    identity: what tells it from others in a saved search: a digest of the
      numbers, or that it is a function.
  """

  def __init__(self, given: Any):
    """Keeps vectors.

    Raises:
      UserError: they are neither numbers nor a function.
    """
    self.given, self.identity = given, "a function"
    if callable(given):
      return
    self.given = _numbers(given)
    if self.given.ndim != 2:
      raise errors.UserError(
        f"embedding: expected one of {', '.join(NAMES)}, the workdir of a "
        "training, numbers [size, E] or a function of genotypes, got "
        f"{errors.quote(given)}"
      )
    self.identity = hashlib.sha256(self.given.tobytes()).hexdigest()


def check(embedding: Any) -> Any:
  """Returns a name or a folder as it is, and vectors as `Given`.

  Raises:
    UserError: it is none of these.
  """
  if isinstance(embedding, Given):
    return embedding
  if not isinstance(embedding, str):
    return Given(embedding)
  if embedding not in NAMES and not files.expand(embedding).is_dir():
    raise errors.UserError(
      f"unknown embedding {errors.quote(embedding)}: expected one of "
      f"{', '.join(NAMES)}, or the workdir of an arch2vec training"
    )
  return embedding


def of_cells(
  space: spaces_base.Space, embedding: "str | Given", genotypes: np.ndarray
) -> np.ndarray:
  """Embeds cells.

  Args:
    space: the space of the cells.
    embedding: `adjacency`, the operators and edges of the cells as numbers of
      0 and 1; `arch2vec`, the autoencoder of the space that comes with nasjax;
      the workdir of the training of another one; or vectors of a user.
    genotypes: valid cells `[n, G]`; all of the space, in the order of
      `enumerate()`, where vectors are given as an array.

  Returns:
    `[n, E]` float32.

  Raises:
    UserError: there is no such embedding of the space.
  """
  if isinstance(embedding, Given):
    return _of_user(space, embedding.given, genotypes)
  if embedding == ADJACENCY:
    from nasjax.surrogates import onehot

    return onehot.onehot(space, genotypes)
  return _of_autoencoder(space, embedding, genotypes)


def _of_autoencoder(
  space: spaces_base.Space, name: str, genotypes: np.ndarray
) -> np.ndarray:
  from nasjax.systems.arch2vec import embedder

  known = embedder.Embedder.names()
  if name == ARCH2VEC:
    name = space.name
    if name not in known:
      raise errors.UserError(
        f"embedding: no arch2vec embedding of the space {errors.quote(name)} "
        f"comes with nasjax, only of {', '.join(known)}; give the workdir of a "
        "training (--config=arch2vec/...) or take adjacency"
      )
  return embedder.Embedder.load(name, space.whole).embed(genotypes)


def _of_user(
  space: spaces_base.Space, given: Any, genotypes: np.ndarray
) -> np.ndarray:
  found = _numbers(given(genotypes)) if callable(given) else given
  if found.ndim != 2 or len(found) != len(genotypes) or not found.size:
    raise errors.UserError(
      f"embedding: expected one row for each of {len(genotypes)} architectures "
      f"of the space {space.name!r}, got shape {list(found.shape)}"
    )
  if not np.isfinite(found).all():
    raise errors.UserError(
      "embedding: expected finite numbers, got others; leave such cells out "
      "of the space"
    )
  return found


def _numbers(given: Any) -> np.ndarray:
  """Returns vectors as float32; none, `[0]`, where they are no numbers."""
  try:
    return np.asarray(given, np.float32)
  except (TypeError, ValueError):
    return np.zeros(0, np.float32)
