"""The predictor of any network that comes with nasjax.

It is the mean of several predictors (`whole_network`), each of which was learnt
without one family. How far they are apart says how much a score depends on
single families.

Dimensions: `n` networks, `P` measures, `c` clusters, `R` members.
"""

import functools
import pathlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from nasjax import errors, files
from nasjax.computation import measures
from nasjax.computation.graph import ComputationGraph
from nasjax.systems.gennape import forest, region, whole_network

FOLDER = pathlib.Path(__file__).parents[2] / "pretrained" / "gennape"
FILE = "ranker.npz"
DEAD = whole_network.DEAD


class Scores(NamedTuple):
  """What is said of networks.

  Attributes:
    scores: higher = better, `[n]`; in units of normal scores within a family.
    spread: standard deviation between the members, `[n]`.
    membership: how much each network belongs to clusters of the networks that
      were learnt from, `[n, c]`, rows of sum 1.
    novelty: distance to the nearest of them, `[n]`; above 1 it is farther than
      95 % of them are from each other.
  """

  scores: np.ndarray
  spread: np.ndarray
  membership: np.ndarray
  novelty: np.ndarray


class Ranker(NamedTuple):
  """What was learnt.

  Attributes:
    members: predictors by the family that they have not seen.
    known: the networks that were learnt from.
  """

  members: dict[str, whole_network.WholeNetwork]
  known: region.Region

  def score(self, graphs: Sequence[ComputationGraph]) -> Scores:
    """Scores networks; each by itself, whatever else is asked."""
    return self.score_measures(measures.of_graphs(graphs))

  def score_measures(self, found: np.ndarray) -> Scores:
    """Scores networks by their measures `[n, P]`."""
    found = np.asarray(found, np.float32)
    each = np.stack([one.predict(found) for one in self.members.values()])
    return Scores(
      each.mean(axis=0),
      each.std(axis=0),
      self.known.membership(found),
      self.known.novelty(found),
    )


def save(path: files.PathLike, ranker: Ranker) -> None:
  """Writes a ranker to a checked `.npz`."""
  arrays: dict[str, np.ndarray] = {
    "names": np.array(measures.NAMES),
    "members": np.array(list(ranker.members)),
  }
  for name, value in ranker.known._asdict().items():
    arrays[f"known/{name}"] = np.asarray(value, np.float32)
  for key, member in ranker.members.items():
    for name in ("centre", "slopes"):
      arrays[f"{key}/{name}"] = np.asarray(getattr(member, name), np.float64)
    for name, value in member.forest._asdict().items():
      arrays[f"{key}/forest/{name}"] = np.asarray(value)
  files.save_npz(path, **arrays)


def read(path: files.PathLike) -> Ranker:
  """Reads what `save` wrote.

  Raises:
    UserError: the file is missing, damaged, or of other measures.
  """
  arrays = files.load_npz(path)
  if tuple(arrays.get("names", np.zeros(0)).tolist()) != measures.NAMES:
    raise _other(path, "the measures of this version")
  try:
    return _of_arrays(arrays)
  except KeyError as error:
    raise _other(path, f"the array {error.args[0]!r}") from None


def _other(path: files.PathLike, expected: str) -> errors.UserError:
  return errors.UserError(
    f"{errors.quote(str(path))}: expected {expected}, got others; run "
    "python -m nasjax.pretrained.gennape"
  )


def _of_arrays(arrays: Mapping[str, np.ndarray]) -> Ranker:
  members = {}
  for key in arrays["members"].tolist():
    trees = {
      name: arrays[f"{key}/forest/{name}"] for name in forest.Forest._fields
    }
    members[key] = whole_network.WholeNetwork(
      arrays[f"{key}/centre"],
      arrays[f"{key}/slopes"],
      forest.Forest(**{**trees, "depth": int(trees["depth"])}),
    )
  fields = {name: arrays[f"known/{name}"] for name in region.Region._fields}
  known = region.Region(**{**fields, "unit": float(fields["unit"])})
  return Ranker(members, known)


@functools.cache
def load() -> Ranker:
  """Returns the predictor that comes with nasjax.

  Raises:
    UserError: its file is damaged, or of other measures.
  """
  return read(FOLDER / FILE)
