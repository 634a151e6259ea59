"""Labelled networks of all families, drawn once, with their measures.

Dimensions: `n` networks, `P` measures.
"""

import dataclasses
import functools
import hashlib
import pathlib
from collections.abc import Callable, Sequence

import numpy as np

from nasjax import files
from nasjax import progress as reports
from nasjax.computation import along_paths, families, measures, node_arrays
from nasjax.computation.graph import ComputationGraph
from nasjax.io import cache
from nasjax.regression import solver

MOST = 2000
"""Networks of a family, drawn with seed 0."""
RELATED = (("darts545", "nb301"),)
"""Families of one search space, which are left out together."""
FOLDER = "gennape"
_CHUNK = 100


@dataclasses.dataclass(frozen=True, eq=False)
class Sample:
  """Networks of a family.

  Attributes:
    name: of the family.
    networks: theirs, with labels.
    whole: the sample that this one is a part of, and its rows there.
  """

  name: str
  networks: families.Labelled
  whole: "tuple[Sample, np.ndarray] | None" = None

  def __len__(self) -> int:
    return len(self.networks)

  @functools.cached_property
  def targets(self) -> np.ndarray:
    """Normal scores of the ranks of the labels, `[n]`."""
    return solver.normal_scores(self.networks.values)

  @functools.cached_property
  def measures(self) -> np.ndarray:
    """Measures of the networks, `[n, P]`; computed once and kept."""
    if self.whole is not None:
      sample, rows = self.whole
      return sample.measures[rows]
    return self.kept("measures", measures.of_graphs, "measuring")

  def part(self, rows: np.ndarray) -> "Sample":
    """Some of the networks."""
    known = self.networks
    chosen = dataclasses.replace(
      known, codes=known.codes[rows], values=known.values[rows]
    )
    return Sample(self.name, chosen, (self, rows))

  def kept(
    self,
    what: str,
    compute: Callable[[list[ComputationGraph]], np.ndarray],
    doing: str,
    code: bytes = b"",
  ) -> np.ndarray:
    """Something of every network, from the cache if it is there.

    Args:
      what: its name.
      compute: makes rows of graphs.
      doing: what a progress bar says.
      code: further code that the numbers depend on.
    """

    def make() -> dict[str, np.ndarray]:
      rows = range(0, len(self), _CHUNK)
      parts, title = [], f"{doing} {self.name}"
      with reports.Progress(title, len(self), unit="networks") as bar:
        for start in rows:
          graphs = self.networks.graphs(slice(start, start + _CHUNK))
          parts.append(compute(graphs))
          bar.update(len(graphs))
      return {"found": np.concatenate(parts)}

    digest = hashlib.sha256(what.encode())
    digest.update(np.ascontiguousarray(self.networks.codes).tobytes())
    digest.update(_sources() + code)
    name = f"{self.name}-{what}"
    return cache.cached(name, digest.hexdigest(), make, folder=FOLDER)["found"]


@functools.cache
def _sources() -> bytes:
  """The code that kept numbers depend on."""
  modules = node_arrays, along_paths, measures
  paths = [pathlib.Path(str(module.__file__)) for module in modules]
  paths += sorted(pathlib.Path(str(families.__file__)).parent.glob("*.py"))
  return b"".join(path.read_bytes() for path in paths)


def load(
  data_dir: files.PathLike | None = None,
  names: Sequence[str] = families.family_names(),
  most: int = MOST,
) -> dict[str, Sample]:
  """Draws networks of families.

  Raises:
    UserError: the table of a family is missing or damaged.
  """
  return {
    name: Sample(name, families.load(name, data_dir).drawn(most, 0))
    for name in names
  }


def without(name: str, known: Sequence[str]) -> list[str]:
  """The families that are not of the space of one of them."""
  group = next((each for each in RELATED if name in each), (name,))
  return [each for each in known if each not in group]
