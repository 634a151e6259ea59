"""Cells that are decoded from the prior: which are valid, how many differ.

Dimensions: `m` draws, `N` nodes of a cell.
"""

from typing import Any, NamedTuple

import numpy as np

from nasjax.spaces import base as spaces_base
from nasjax.spaces import nb101_enumerate
from nasjax.spaces import nb101_modelspec as modelspec
from nasjax.systems.arch2vec import drawing, embedder

NUM = 10_000


class Shares(NamedTuple):
  """Shares of draws, as fractions.

  Attributes:
    validity: valid in the published definition (`published_valid`).
    uniqueness: different graphs among those.
    validity_strict: read back as a cell of the space (`Space.from_graphs`).
    uniqueness_strict: cells that are not isomorphic among those.
  """

  validity: float
  uniqueness: float
  validity_strict: float
  uniqueness_strict: float


def measure(model: embedder.Embedder, num: int = NUM, seed: int = 0) -> Shares:
  """Draws cells from the prior of an embedder and decodes them."""
  latent = model.sample(num, np.random.default_rng(seed))
  codes, edges = model.decode_cells(latent)
  kinds = drawing.classes_of(model.space)
  genotypes, strict = read(model, codes, edges)
  fingerprints = model.space.fingerprint(genotypes[strict])
  if model.space.name == "nb101":
    valid, graphs = strict, _unpruned(kinds, codes, edges)
  else:
    valid = published_valid(kinds, codes)
    flat = edges.reshape(num, -1)
    graphs = np.concatenate([codes, flat], axis=1).astype(np.int8)
  return Shares(
    validity=valid.mean(),
    uniqueness=_distinct(graphs[valid]),
    validity_strict=strict.mean(),
    uniqueness_strict=_distinct(fingerprints),
  )


def read(
  model: embedder.Embedder, codes: np.ndarray, edges: np.ndarray
) -> tuple[spaces_base.Genotypes, np.ndarray]:
  """Reads decoded cells; each one is all cells of its architecture."""
  count = drawing.classes_of(model.space).num_cells
  return model.read_cells(
    np.repeat(codes, count, axis=0), np.repeat(edges, count, axis=0)
  )


def published_valid(kinds: drawing.Classes, codes: np.ndarray) -> np.ndarray:
  """The published check of NAS-Bench-201: node classes alone, `[m]` bool.

  The first node has to be an input, the last one the output, all from the
  third to the last but one operations; the second node and the edges are not
  looked at. In NAS-Bench-101 the published check prunes as the official
  ModelSpec does, and is the same as the strict one. That of DARTS is not
  documented; the same as in NAS-Bench-201 is taken.
  """
  first = codes[:, 0] == 0
  last = codes[:, -1] == kinds.num_inputs
  inner = (codes[:, 2:-1] > kinds.num_inputs).all(axis=1)
  return first & last & inner


def _unpruned(kinds: drawing.Classes, codes: Any, edges: Any) -> np.ndarray:
  """Hashes decoded graphs of NAS-Bench-101 as they are, `[m]` uint64."""
  marks = np.array([modelspec.INPUT, modelspec.OUTPUT, modelspec.PADDING])
  ops = np.concatenate([marks, np.arange(kinds.num - 3)])[codes]
  there = ops != modelspec.PADDING
  edges = edges * (there[:, :, None] & there[:, None])
  return nb101_enumerate.fingerprint(edges, ops.astype(np.int8))


def _distinct(rows: np.ndarray) -> float:
  """Share of different rows; NaN where there are none."""
  return len(np.unique(rows, axis=0)) / len(rows) if len(rows) else np.nan
