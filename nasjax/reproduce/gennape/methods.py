"""Predictors that are compared on networks of a family.

Each scores the tested networks without a label of their family, and with 50.

Dimensions: `n` tested networks, `m` labelled ones of them.
"""

import dataclasses
import functools
from collections.abc import Callable, Mapping

import numpy as np

from nasjax.computation import measures
from nasjax.regression import solver
from nasjax.reproduce.gennape import data, encoded, learning, untrained
from nasjax.systems.gennape import ensemble, kernel, whole_network

SOURCE = "nb101"
TESTED, LEARNT = 300, 1000
"""Networks of a family that are tested, and of NAS-Bench-101 learnt from."""
LABELS = 50


@dataclasses.dataclass(frozen=True, eq=False)
class Setting:
  """What methods have in common.

  Attributes:
    samples: networks by family.
    seed: of everything that is drawn.
  """

  samples: Mapping[str, data.Sample]
  seed: int

  @functools.cache  # noqa: B019
  def tested(self, name: str) -> data.Sample:
    """The tested networks of a family, the same for all seeds."""
    sample = self.samples[name]
    return sample.part(_order(sample)[:TESTED])

  @functools.cached_property
  def source(self) -> data.Sample:
    """Networks of NAS-Bench-101 that are learnt from and not tested."""
    sample = self.samples[SOURCE]
    return sample.part(_order(sample)[TESTED : TESTED + LEARNT])

  def labelled(self, name: str) -> np.ndarray:
    """Rows of the tested networks whose labels are given, `[m]`."""
    rng = np.random.default_rng([1, self.seed])
    return rng.permutation(len(self.tested(name)))[:LABELS]

  @functools.cache  # noqa: B019
  def heads(self, positives: str) -> tuple[encoded.Encoded, ensemble.Ensemble]:
    """An encoder, and heads that were trained on NAS-Bench-101."""
    found = encoded.Encoded(self.samples, positives, self.seed)
    own = self.source
    return found, ensemble.fit(found.embed(own), own.targets, self.seed)

  @functools.cached_property
  def regression(self) -> kernel.Kernel:
    """The kernel regression on measures, learnt from NAS-Bench-101."""
    return kernel.fit(self.source.measures, self.source.targets)

  @functools.cache  # noqa: B019
  def without(self, names: tuple[str, ...]) -> whole_network.WholeNetwork:
    """What was learnt from some families."""
    return learning.learn(self.samples, names, self.seed)


def _order(sample: data.Sample) -> np.ndarray:
  return np.random.default_rng(0).permutation(len(sample))


Scores = Callable[[Setting, str, int], np.ndarray]
"""Setting, family, number of labels (0 or `LABELS`) -> scores `[n]`."""


def _count(column: str) -> Scores:
  place = measures.NAMES.index(column)

  def score(setting: Setting, name: str, size: int) -> np.ndarray:
    del size
    return setting.tested(name).measures[:, place]

  return score


def _untrained(proxy: str) -> Scores:
  def score(setting: Setting, name: str, size: int) -> np.ndarray:
    del size
    return untrained.measured(setting.tested(name), setting.seed)[proxy]

  return score


def _zero(setting: Setting, name: str, size: int) -> np.ndarray:
  del size
  return untrained.zero(setting.tested(name))


def _gennape(positives: str) -> Scores:
  def score(setting: Setting, name: str, size: int) -> np.ndarray:
    found, heads = setting.heads(positives)
    tested = setting.tested(name)
    embeddings = found.embed(tested)
    if size:
      rows = setting.labelled(name)
      heads = ensemble.fine_tune(
        heads, embeddings[rows], _targets(tested, rows)
      )
    return heads.predict(embeddings)

  return score


def _targets(sample: data.Sample, rows: np.ndarray) -> np.ndarray:
  """Normal scores of the given labels among each other."""
  return solver.normal_scores(sample.networks.values[rows])


def _adapted(predict) -> Scores:
  def score(setting: Setting, name: str, size: int) -> np.ndarray:
    tested = setting.tested(name)
    scores = predict(setting, name).predict(tested.measures)
    if not size:
      return scores
    rows = setting.labelled(name)
    return kernel.adapt(tested.measures, scores, rows, _targets(tested, rows))

  return score


def _others(setting: Setting, name: str) -> whole_network.WholeNetwork:
  names = tuple(data.without(name, tuple(setting.samples)))
  return setting.without(names)


METHODS: dict[str, tuple[str, Scores]] = {
  "params": ("parameters", _count("log params")),
  "flops": ("FLOPs", _count("log macs")),
  **{name: (name, _untrained(name)) for name in untrained.PROXIES},
  "zero": ("zero-label score of cells", _zero),
  "gennape": ("GENNAPE, from NAS-Bench-101", _gennape("soft")),
  "gennape_hard": ("the same, hard positives", _gennape("hard")),
  "gennape_none": ("the same, no pre-training", _gennape(encoded.NONE)),
  "ours_nb101": (
    "kernel regression on measures, from NAS-Bench-101",
    _adapted(lambda setting, name: setting.regression),
  ),
  "ours": ("ranker, from all other families", _adapted(_others)),
}
"""Method -> its title, and what scores the tested networks of a family."""


OF_CELLS = (*untrained.PROXIES, "zero")
"""Methods that need networks which are cells of a space."""
_FIXED = ("params", "flops", *OF_CELLS)


def sizes(method: str) -> tuple[int, ...]:
  """Numbers of labels at which a method is measured."""
  return (0,) if method in _FIXED else (0, LABELS)


def has(method: str, name: str, size: int) -> bool:
  """Whether a method says something of a family.

  What was learnt from NAS-Bench-101 is not fine-tuned there.
  """
  if method in OF_CELLS:
    return name in untrained.SPACES
  is_own = name == SOURCE and method not in ("params", "flops", "ours")
  return not (is_own and size)
