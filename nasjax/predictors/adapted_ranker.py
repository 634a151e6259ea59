"""The predictor of any network, adapted to labels of some networks.

What is kept are measures of the labelled networks and their labels. The
predictor that comes with nasjax is adapted to them whenever it is asked, which
takes a second at most for a thousand labels.

Dimensions: `n` networks that are scored, `m` labelled ones, `P` measures.
"""

import dataclasses
import functools

import numpy as np

from nasjax import errors, files, labels
from nasjax.computation import measures
from nasjax.io import replacing
from nasjax.systems.gennape import kernel, ranker

FILE = "adapted.npz"
_ARRAYS = ("names", "known", "values")


@dataclasses.dataclass(frozen=True, eq=False)
class AdaptedRanker:
  """Labelled networks, to which `kernel.adapt` adapts the ranker.

  Attributes:
    known: their measures, `[m, P]`.
    values: their labels; higher = better, `[m]`.
  """

  known: np.ndarray
  values: np.ndarray

  @functools.cached_property
  def _normal(self) -> tuple[np.ndarray, float, float]:
    """Labels with mean 0 and spread 1, their mean and spread."""
    found = labels.normalize(self.values, len(self.known))
    labels.check_unit(*found[1:])
    return found

  def scores(self, found: np.ndarray) -> np.ndarray:
    """Scores networks by their measures `[n, P]`, all of which enter.

    Returns:
      `[n]` in the unit of the labels; `ranker.DEAD` where the output of a
      network depends on no input.

    Raises:
      UserError: labels are all equal, or in a unit that is too small or large.
    """
    both, members = self._asked(found)
    scores = self._adapt(both, np.mean(members, axis=0))
    _, mean, unit = self._normal
    return np.where(scores == ranker.DEAD, ranker.DEAD, mean + unit * scores)

  def spread(self, found: np.ndarray) -> np.ndarray:
    """Standard deviation between the members, each of them adapted, `[n]`."""
    both, members = self._asked(found)
    each = [self._adapt(both, member) for member in members]
    return self._normal[2] * np.std(each, axis=0)

  def _asked(self, found: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """Measures of labelled and asked networks, and what the members say."""
    both = np.concatenate([self.known, found]).astype(np.float32)
    members = ranker.load().members.values()
    return both, [one.predict(both) for one in members]

  def _adapt(self, both: np.ndarray, scores: np.ndarray) -> np.ndarray:
    targets, rows = self._normal[0], np.arange(len(self.known))
    return kernel.adapt(both, scores, rows, targets)[len(rows) :]

  def save(self, folder: files.PathLike) -> None:
    """Writes `adapted.npz`, whole, into a folder.

    Raises:
      UserError: another file has that name, or the disk is full.
    """
    check_target(folder)
    files.save_npz(
      files.expand(folder) / FILE,
      names=np.array(measures.NAMES),
      known=self.known.astype(np.float32),
      values=self.values,
    )


def check_target(folder: files.PathLike) -> None:
  """Checks that a folder may be written.

  Raises:
    UserError: it has a file of our name that is no adapted ranker's.
  """
  path = files.expand(folder) / FILE
  former = replacing.has_arrays(*_ARRAYS)
  replacing.check_file(path, former, "an adapted ranker")
  files.check_writable(path)


def load(folder: files.PathLike) -> AdaptedRanker:
  """Reads what `AdaptedRanker.save` wrote.

  Args:
    folder: the folder, or the file in it.

  Raises:
    UserError: there is none, it is damaged, or of other measures.
  """
  path = files.expand(folder)
  path = path / FILE if path.is_dir() else path
  if not path.is_file():
    raise errors.UserError(
      f"no adapted ranker in {errors.quote(str(folder))}: expected the workdir "
      "of nasjax train --config=gennape/custom"
    )
  arrays = files.load_npz(path, "train it again")
  found = [arrays.get(name, np.zeros(0)) for name in _ARRAYS]
  names, known, values = found
  if not _fits(names, known, values):
    raise errors.UserError(
      f"{errors.quote(str(path))}: expected labels, and the measures of this "
      "version of nasjax, got others; train it again"
    )
  return AdaptedRanker(known, values)


def _fits(names: np.ndarray, known: np.ndarray, values: np.ndarray) -> bool:
  """Whether arrays are measures of networks and their labels."""
  return (
    names.tolist() == list(measures.NAMES)
    and (known.dtype, values.dtype) == (np.float32, np.float64)
    and values.ndim == 1
    and values.size > 0
    and known.shape == (len(values), len(names))
    and bool(np.isfinite(known).all() and np.isfinite(values).all())
  )
