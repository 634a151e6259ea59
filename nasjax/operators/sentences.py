"""Operators as vectors of the sentences that describe them (TG-NAS).

The vectors of all operators that come with nasjax, and of convolutions and
poolings of further sizes, lie in `sentence_vectors.npz`, which `python -m
nasjax.operators.encode` writes. A sentence that is not there is encoded when it
is needed, with the extra `text`.
"""

import functools
import pathlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nasjax import errors, files
from nasjax.operators import built_in, sentence_encoder, table

LENGTHS = ("short", "medium", "long")
ENCODERS = {"minilm": sentence_encoder.WIDTH, "minilm_pca64": 64}
"""Widths of the vectors; `minilm_pca64` are the first 64 principal components
of the sentences that come with nasjax."""

PATH = pathlib.Path(__file__).with_name("sentence_vectors.npz")


class Shipped(NamedTuple):
  """What `sentence_vectors.npz` holds.

  Attributes:
    vectors: sentence -> `[384]` float32, of length one.
    mean: their mean, `[384]`.
    axes: their principal axes, `[384, 64]`.
  """

  vectors: dict[str, np.ndarray]
  mean: np.ndarray
  axes: np.ndarray


@functools.cache
def shipped() -> Shipped:
  """Reads the vectors that come with nasjax."""
  found = files.load_npz(PATH)
  names = [str(name) for name in found["sentences"]]
  vectors = dict(zip(names, found["vectors"], strict=True))
  return Shipped(vectors, found["mean"], found["axes"])


def sentence(operator: built_in.Operator, length: str) -> str:
  """The sentence of a length that describes an operator, or its only one.

  Raises:
    UserError: there is no such length, or the operator has no sentence.
  """
  errors.check_name("length of sentences", length, LENGTHS)
  text = " ".join((getattr(operator, length) or operator.sentence).split())
  if not text:
    raise errors.UserError(
      f"operator {errors.quote(operator.name)}: expected a sentence that says "
      "what it does, got an empty one; register nasjax.Operator(..., "
      "sentence='Convolution 7 by 7')"
    )
  return text


def vectors(
  names: Sequence[str], length: str, encoder: str = "minilm"
) -> np.ndarray:
  """Vectors of operators by their sentences.

  Args:
    names: `O` names of operators.
    length: `short`, `medium` or `long`.
    encoder: `minilm`, or `minilm_pca64` for the first 64 principal components.

  Returns:
    `[O, 384]` or `[O, 64]` float32.

  Raises:
    UserError: a name is unknown, an operator has no sentence, or its sentence
      does not come with nasjax and the extra `text` is not installed.
  """
  errors.check_name("encoder of sentences", encoder, ENCODERS)
  known = table.operators()
  chosen = [known[table.operator_id(name)] for name in names]
  found = np.stack([vector(sentence(each, length)) for each in chosen])
  return reduce(found) if encoder == "minilm_pca64" else found


def vector(text: str) -> np.ndarray:
  """Vector of one sentence, `[384]` float32.

  Raises:
    UserError: it does not come with nasjax, and the extra `text` is not
      installed.
  """
  found = shipped().vectors.get(text.lower())  # the encoder reads lower case
  return _encoded(text) if found is None else found


@functools.lru_cache(maxsize=1024)
def _encoded(text: str) -> np.ndarray:
  return sentence_encoder.encode([text])[0]


def reduce(found: np.ndarray) -> np.ndarray:
  """First 64 principal components of vectors, `[n, 384]` to `[n, 64]`."""
  return ((found - shipped().mean) @ shipped().axes).astype(np.float32)
