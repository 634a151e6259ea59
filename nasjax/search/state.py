"""The state of a search: an immutable value that can be saved.

Dimensions: `t` scored architectures in the order of the queries, `p` asked
ones without a score, `G` integers of a genotype.
"""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from nasjax import errors, files, foreign
from nasjax.io import replacing
from nasjax.spaces import base as spaces_base

_MEMORY = "memory."
NEWER = {"newer": True}
"""Metadata of an option that former versions did not have: at its default it is
no part of what identifies a search, so that saved ones go on."""


def _frozen(array: np.ndarray) -> np.ndarray:
  view = array.view()
  view.setflags(write=False)
  return view


@dataclasses.dataclass(frozen=True, eq=False)
class History:
  """Scored architectures in the order in which they were asked.

  Attributes:
    genotypes: `[t, G]` int8.
    scores: `[t]` float64; higher = better; NaN where a training failed (told
      to a strategy that takes failures).
  """

  genotypes: np.ndarray
  scores: np.ndarray

  def __post_init__(self):
    object.__setattr__(self, "genotypes", _frozen(self.genotypes))
    object.__setattr__(self, "scores", _frozen(self.scores))

  def __len__(self) -> int:
    return len(self.scores)

  def extend(self, genotypes: np.ndarray, scores: np.ndarray) -> "History":
    """Returns a history with rows `[b, G]` and scores `[b]` at its end."""
    return History(
      np.concatenate([self.genotypes, genotypes]),
      np.concatenate([self.scores, scores]),
    )


@dataclasses.dataclass(frozen=True, eq=False)
class State:
  """A search between two calls of its strategy.

  The random draws of call number `num_asks` depend on the seed and that number
  alone, so the two integers are the whole state of the generator.

  Attributes:
    space: the search space.
    seed: seed of all draws.
    budget: how many architectures may be asked, at most the space's size.
    num_asks: calls of `ask` so far.
    history: what was scored.
    pending: asked and not yet scored, `[p, G]` int8.
    memory: arrays of the strategy, by name.
  """

  space: spaces_base.Space
  seed: int
  budget: int
  num_asks: int
  history: History
  pending: np.ndarray
  memory: Mapping[str, np.ndarray]

  def __post_init__(self):
    memory = {k: _frozen(np.asarray(v)) for k, v in self.memory.items()}
    object.__setattr__(self, "pending", _frozen(self.pending))
    object.__setattr__(self, "memory", memory)

  def generator(self) -> np.random.Generator:
    """Returns the generator of the next ask: Philox, one block per call."""
    counter = np.array([0, 0, 0, self.num_asks], np.uint64)
    return np.random.Generator(np.random.Philox(key=self.seed, counter=counter))


def cells_digest(space: spaces_base.Space) -> str | None:
  """Digest of the cells of a `Subset` in their order; None of a whole space."""
  if space.whole is space:
    return None
  return hashlib.sha256(space.enumerate().tobytes()).hexdigest()


def options_of(strategy: Any) -> dict[str, Any]:
  """The options that identify a strategy, as JSON values."""
  found = {}
  for field in dataclasses.fields(strategy):
    value = getattr(strategy, field.name)
    if not field.metadata.get("newer") or value != field.default:
      found[field.name] = getattr(value, "identity", value)
  return found


def _identity(strategy: Any) -> dict[str, Any]:
  return {"name": strategy.name, **options_of(strategy)}


def to_arrays(strategy: Any, state: State) -> dict[str, np.ndarray]:
  """Turns a state into named arrays, without objects.

  Args:
    strategy: the strategy that made the state (a dataclass of its options).
    state: the state.

  Returns:
    Arrays that `from_arrays` reads; `manifest` is JSON text.
  """
  manifest = {
    "space": state.space.name,
    "cells": cells_digest(state.space),
    "strategy": _identity(strategy),
    "seed": state.seed,
    "budget": state.budget,
    "num_asks": state.num_asks,
  }
  return {
    "manifest": np.array(json.dumps(manifest)),
    "genotypes": state.history.genotypes,
    "scores": state.history.scores,
    "pending": state.pending,
    **{_MEMORY + name: array for name, array in state.memory.items()},
  }


def _expect(what: str, expected: object, got: object) -> None:
  if expected != got:
    raise errors.UserError(
      f"saved search: expected {what} {errors.quote(expected)}, got "
      f"{errors.quote(got)}; resume it "
      "with the space, strategy and options it was started with"
    )


def from_arrays(
  strategy: Any, space: spaces_base.Space, arrays: Mapping[str, np.ndarray]
) -> State:
  """Restores a state; the search goes on as if it had never stopped.

  Args:
    strategy: a strategy with the options of the saved one.
    space: the space of the saved search.
    arrays: what `to_arrays` returned.

  Raises:
    UserError: the arrays are of no search, or of another space or strategy.
  """
  needed = ("manifest", "genotypes", "scores", "pending")
  missing = [name for name in needed if name not in arrays]
  if missing:
    raise errors.UserError(
      f"saved search: expected an array {missing[0]!r}, got none; give a file "
      "that a search wrote"
    )
  manifest = json.loads(str(arrays["manifest"]))
  _expect("space", space.name, manifest["space"])
  _expect("cells of digest", cells_digest(space), manifest.get("cells"))
  for name in ("genotypes", "pending"):
    space.check(arrays[name])
  _expect("strategy", _identity(strategy), manifest["strategy"])
  return State(
    space=space,
    seed=manifest["seed"],
    budget=manifest["budget"],
    num_asks=manifest["num_asks"],
    history=History(arrays["genotypes"], arrays["scores"]),
    pending=arrays["pending"],
    memory={
      name.removeprefix(_MEMORY): array
      for name, array in arrays.items()
      if name.startswith(_MEMORY)
    },
  )


def save(path: files.PathLike, strategy: Any, state: State) -> None:
  """Writes a state to a checked `.npz`, atomically.

  Raises:
    UserError: a file that is no saved search has the name, or it cannot be
      written.
  """
  former = replacing.has_arrays("manifest", "genotypes")
  replacing.check_file(path, former, "a saved search")
  files.save_npz(path, **to_arrays(strategy, state))


def load(
  path: files.PathLike, strategy: Any, space: spaces_base.Space
) -> State:
  """Reads what `save` wrote.

  Raises:
    UserError: the file is missing, damaged, or of another search.
  """
  arrays = files.load_npz(path)
  with foreign.reading(path, "a saved search"):
    return from_arrays(strategy, space, arrays)
