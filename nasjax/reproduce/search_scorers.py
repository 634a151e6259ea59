"""What steers a search without labels: TG-NAS, the transfer predictor, counts.

Dimensions: `n` cells, `G` integers of a genotype.
"""

import hashlib
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from nasjax import zero_label
from nasjax.benchmarks import registry
from nasjax.predictors import fitting
from nasjax.predictors import predictor as predictors
from nasjax.proxies import PROXIES
from nasjax.reproduce import reports, runner, tgnas_training
from nasjax.spaces import base as spaces_base

TRAINED = 5000
"""Cells of NAS-Bench-101 that TG-NAS is trained on."""
TITLES = {
  "tgnas_code": "TG-NAS, as its code",
  "transfer": "transfer predictor",
  "zero": "zero-label",
  "params": "parameters",
}
ScoreFn = Callable[[np.ndarray], np.ndarray]


class Scorer(NamedTuple):
  """Scores of the cells of a space, and what they cost before a search.

  Attributes:
    score_fn: maps cells `[n, G]` to scores `[n]`, higher = better.
    seconds: of the processor, of training or of ranking the space beforehand.
    note: what it is.
  """

  score_fn: ScoreFn
  seconds: float
  note: str


def has(method: str, space: str) -> bool:
  """Whether a scorer says something of its own in a space.

  The zero-label ranking is the transfer predictor alone but in NAS-Bench-201.
  """
  return method != "zero" or space == "nb201"


def make(
  options: reports.Options,
  method: str,
  space: spaces_base.Space,
  seed: int,
) -> Scorer:
  """Makes a scorer.

  Args:
    options: folders, and how long trainings are.
    method: a name in `TITLES`.
    space: the space that is searched.
    seed: seed of the training of TG-NAS; the other scorers have none.

  Raises:
    UserError: data are missing.
  """
  if method == "tgnas_code":
    model, seconds = _tgnas(options, seed)
    note = f"trained on {TRAINED:,} cells of NAS-Bench-101, each seed its own"
    return Scorer(model.transfer(space).predict, seconds, note)
  if method == "params":
    count = PROXIES["params"].count
    assert count is not None
    return Scorer(
      lambda cells: np.asarray(count(space, cells), np.float64),
      0.0,
      "count of the live part",
    )
  began = time.process_time()
  alone = method == "transfer"
  score_fn, ranking = zero_label.scorer(space, proxies=() if alone else "auto")
  seconds = round(time.process_time() - began, 1)
  note = "comes with nasjax" if ranking is None else ranking.describe()
  return Scorer(score_fn, seconds, note)


def _tgnas(
  options: reports.Options, seed: int
) -> tuple[predictors.Predictor, float]:
  """TG-NAS of a seed and the seconds of its training; kept in the workdir."""
  setup, source = options.setup, tgnas_training.SOURCE
  config = runner.make_config(setup, source, "tgnas_code", TRAINED)
  config.seed, config.num_seeds = seed, 1
  benchmark = registry.get_benchmark(source.benchmark, setup.data_dir)
  labels = benchmark.values("cifar10/test")
  key = config.to_json() + hashlib.sha256(labels.tobytes()).hexdigest()
  digest = hashlib.sha256(key.encode()).hexdigest()[:10]
  path = setup.workdir / "tgnas" / f"model-{TRAINED}-{seed}-{digest}"
  if not path.exists():
    rows, _ = tgnas_training.draw(benchmark, TRAINED, seed, 1)
    began = time.process_time()
    (fitted,) = fitting.fit_members(
      config,
      benchmark.space,
      benchmark.genotypes[rows],
      labels[rows],
      shown=True,
    )
    card = {"seconds": round(time.process_time() - began, 1)}
    predictors.Predictor.from_fitted(config, fitted, card).save(path)
  model = predictors.Predictor.load(path)
  return model, float(model.card["seconds"])
