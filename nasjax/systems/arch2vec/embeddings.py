"""`embeddings.npz`: cells, their representations, and where these come from.

Dimensions: `n` cells, `G` integers of a genotype, `E` numbers of an embedding.
"""

import json
from typing import Any, NamedTuple

import numpy as np

from nasjax import errors, files, foreign
from nasjax.spaces import base as spaces_base

_KEYS = ("card", "embeddings", "genotypes")


class Embeddings(NamedTuple):
  """Embedded cells.

  Attributes:
    genotypes: `[n, G]` int8; in the order of `Space.enumerate()` where the
      whole space was embedded.
    values: `[n, E]` float32.
    card: space, training, reconstruction, command.
  """

  genotypes: np.ndarray
  values: np.ndarray
  card: dict[str, Any]


def save(path: files.PathLike, found: Embeddings) -> None:
  """Writes embeddings with a digest, atomically."""
  files.save_npz(
    path,
    genotypes=found.genotypes,
    embeddings=found.values,
    card=np.array(json.dumps(found.card)),
  )


def load(path: files.PathLike, space: spaces_base.Space) -> Embeddings:
  """Reads the embeddings of cells of a space.

  Raises:
    UserError: the file is missing, damaged, changed, or of another space.
  """
  arrays = files.load_npz(path, "run the training again")
  if sorted(arrays) != sorted(_KEYS):
    raise _other(path, f"the arrays {', '.join(sorted(arrays)) or 'none'}")
  card = read_card(path, arrays["card"])
  values, genotypes = arrays["embeddings"], arrays["genotypes"]
  if card.get("space") != space.name:
    raise errors.UserError(
      f"{foreign.name_of(path)} holds embeddings of the space "
      f"{errors.quote(card.get('space'))}: expected those of {space.name!r}"
    )
  if values.ndim != 2 or values.dtype != np.float32:
    raise _other(path, f"embeddings of {values.dtype} {list(values.shape)}")
  if values.shape[:1] != genotypes.shape[:1] or not np.isfinite(values).all():
    raise _other(path, "not one finite row for each cell")
  return Embeddings(space.check(genotypes), values, card)


def read_card(path: files.PathLike, text: np.ndarray) -> dict[str, Any]:
  """Reads the JSON text of a card.

  Raises:
    UserError: it is no JSON object.
  """
  with foreign.reading(str(path), "a file with a card"):
    found = foreign.parse_json(str(text).encode(), path, "a file with a card")
  if not isinstance(found, dict):
    raise _other(path, "a card that is no JSON object")
  return found


def _other(path: files.PathLike, got: str) -> errors.UserError:
  return errors.UserError(
    f"{foreign.name_of(path)}: expected embeddings that train.py wrote, got "
    f"{got}; run the training again"
  )
