"""Embeddings of cells by name: vectors between which searches move.

Dimensions: `n` cells, `G` integers of a genotype, `E` numbers of an embedding.
"""

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np

from nasjax import errors
from nasjax.spaces import base as spaces_base

ADJACENCY = "adjacency"
NAMES = (ADJACENCY,)

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
    try:
      self.given = np.asarray(given, np.float32)
    except (TypeError, ValueError):
      self.given = np.zeros(0, np.float32)
    if self.given.ndim != 2:
      raise errors.UserError(
        f"embedding: expected one of {', '.join(NAMES)}, numbers [size, E] or "
        "a function of genotypes, got "
        f"{errors.quote(given)}"
      )
    self.identity = hashlib.sha256(self.given.tobytes()).hexdigest()


def check(embedding: Any) -> Any:
  """Returns a name or a folder as it is, and vectors as `Given`.

  Raises:
    UserError: it is none of these.
  """
  if isinstance(embedding, str):
    errors.check_name("embedding", embedding, NAMES)
  if isinstance(embedding, str | Given):
    return embedding
  return Given(embedding)


def of_cells(
  space: spaces_base.Space, embedding: "str | Given", genotypes: np.ndarray
) -> np.ndarray:
  """Embeds cells.

  Args:
    space: the space of the cells.
    embedding: `adjacency`, the operators and edges of the cells as numbers of
      0 and 1; or vectors of a user.
    genotypes: valid cells `[n, G]`; all of the space, in the order of
      `enumerate()`, where vectors are given as an array.

  Returns:
    `[n, E]` float32.

  Raises:
    UserError: there is no such embedding of the space.
  """
  if isinstance(embedding, Given):
    return _of_user(space, embedding.given, genotypes)
  from nasjax.surrogates import onehot

  return onehot.onehot(space, genotypes)


def _of_user(
  space: spaces_base.Space, given: Any, genotypes: np.ndarray
) -> np.ndarray:
  found = given
  if callable(given):
    found = np.asarray(given(genotypes), np.float32)
  if found.ndim != 2 or len(found) != len(genotypes):
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
