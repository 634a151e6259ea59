"""The compared strategies by name, with their settings and batch sizes."""

import dataclasses

from nasjax import search
from nasjax.reproduce.few_trainings import bananas, dngo, npenas, weaknas
from nasjax.search import base

METHODS = {
  "model": "nasjax, model-based search",
  "model_prior": "nasjax, model-based search with a prior",
  "random": "random search",
  "evolution": "regularised evolution",
  "local": "local search",
  "bananas": "BANANAS",
  "weaknas": "WeakNAS",
  "npenas": "NPENAS",
  "dngo": "DNGO",
}
"""Method -> its title, in the order of the tables."""

NAMED = "model_named"
"""The runs of `model` again: the model names the winner."""

TITLES = {
  "model": METHODS["model"],
  NAMED: "the same, winner by the model",
  **METHODS,
}
"""Like `METHODS`, with rows that have no runs of their own."""

SETTINGS = {
  "model": "`nasjax search --strategy model` with its defaults: Gaussian "
  "process on the features of functions, expected improvement, 5 at a time.",
  NAMED: "the same runs; what counts is the tried cell that the model expects "
  "to be the best (`Suggester.best`), not the one of the highest label.",
  "model_prior": "the same with `--prior zero`, one at a time in "
  "NAS-Bench-201: the transfer predictor, which has seen no label of the "
  "space, is the mean before the first training (docs/zero_label.md).",
  "random": "distinct cells.",
  "evolution": "Real et al. 2019, one cell at a time; population of 30, "
  "tournaments of 10 (100 and 25 there).",
  "local": "White et al. 2020, all neighbours of a cell at once.",
  "bananas": "White et al. 2021. Path encoding, ensemble of five perceptrons "
  "of ten layers with 20 units, 100 epochs, independent Thompson sampling "
  "among 100 changes of the ten best cells and 100 random cells; 10 at a time.",
  "weaknas": "Wu et al. 2021. One-hot encoding, a perceptron of four layers "
  "with 128 units (1,000 there), 100 epochs; 10 at a time, drawn from the 100 "
  "best of the predicted space.",
  "npenas": "NPENAS-NP, Wei et al. 2022. Graph isomorphism network of three "
  "layers with 32 units, 60 epochs (300 there), best 10 of 100 changes of the "
  "ten best cells at a time.",
  "dngo": "Snoek et al. 2015. One-hot encoding, a perceptron of three layers "
  "with 50 units, 100 epochs, Bayesian linear regression on the last one; the "
  "5 cells of highest expected improvement of the space at a time.",
}
"""Method -> what it does, in the words of a document."""

CHECKED = (
  "Epochs are few, so that all runs of a space take about an hour of one core. "
  "On ten seeds of CIFAR-10 in NAS-Bench-201, more of them (BANANAS 150, "
  "WeakNAS 200, NPENAS 150, DNGO 500) reached the best cell no sooner, and "
  "neither did evolutions with a population of 20 or 50."
)
"""How the settings of the compared methods were checked."""

COMPARED = {
  strategy.name: strategy
  for strategy in (
    bananas.Bananas,
    weaknas.WeakNAS,
    npenas.NPENAS,
    dngo.DNGO,
  )
}
_AT_ONCE = {"nb201": 1}  # cells of a question of the search with a prior
_FIRST = {"nb101": 20}  # random cells before the first model; else 10


@dataclasses.dataclass(frozen=True)
class Method:
  """A strategy and how many cells it asks at once.

  Attributes:
    strategy: the strategy.
    batch_size: cells of a question.
  """

  strategy: base.Strategy
  batch_size: int


def make(name: str, space: str) -> Method:
  """Returns a method of `METHODS` as it is measured in a space.

  The evolution has a population of 30 and tournaments of 10: the published 100
  and 25 would be random search for most of so few trainings. Random cells
  before the first model are as many for all methods that have one.
  """
  first = _FIRST.get(space, 10)
  if name in COMPARED:
    batch_size = 5 if name == "dngo" else 10
    return Method(COMPARED[name](num_first=first), batch_size)
  if name == "evolution":
    options = {"population_size": 30, "sample_size": 10}
    return Method(search.get_strategy(name, **options), 1)
  if name == "model_prior":
    strategy = search.get_strategy("model", num_first=first, prior="zero")
    return Method(strategy, _AT_ONCE.get(space, strategy.batch_size))
  options = {"num_first": first} if name == "model" else {}
  strategy = search.get_strategy(name, **options)
  return Method(strategy, strategy.batch_size)
