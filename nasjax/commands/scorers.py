"""Sources of scores for a search: a predictor, or a table of accuracies."""

import dataclasses
import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from nasjax import progress, zero_label
from nasjax.commands import evaluation
from nasjax.commands.known import Known
from nasjax.commands.search_options import (
  Asked,
  EvaluateOptions,
  SearchOptions,
)
from nasjax.networks import image_sets
from nasjax.predictors import checkpoints, training_cells
from nasjax.spaces import base as spaces_base
from nasjax.spaces import registry as spaces
from nasjax.zero_label import recipes, transfer

ZERO = "zero"
"""`--checkpoint zero`: the zero-label score, without a label of the space."""
_PART = 16_384
# How `benchmarks.base.Label.describe` writes a label, in a card for example.
_LABEL = re.compile(
  r"(?P<dataset>\S+) (?P<split>\S+) accuracy, "
  r"(?:(?P<epochs>\d+) epochs|epochs not stated), "
  r"(?P<runs>[^;]*)(?:; (?P<note>.*))?"
)


@dataclasses.dataclass(frozen=True, eq=False)
class Scorer:
  """A function that scores cells, and its description.

  Attributes:
    score_fn: maps cells `[n, G]` to scores `[n]`.
    space: what can be asked: a space, or its labelled cells.
    trained_on: of a predictor, as JSON values; None of a table.
    train_keys: lookup keys of the cells whose accuracies a predictor has seen,
      `[m]`; None where they are not known.
    is_cost: whether scores are costs and no accuracies.
    sign: -1 where the lowest scores are the best: `score_fn` then returns
      negative ones, so that higher is better.
  """

  score_fn: Callable[[np.ndarray], np.ndarray]
  space: spaces_base.Space
  trained_on: dict[str, Any] | None = None
  train_keys: np.ndarray | None = None
  is_cost: bool = False
  sign: int = 1


def open_scorer(options: SearchOptions, known: Known) -> Scorer:
  """Opens the table or the predictor that a search names.

  Raises:
    UserError: there is no such predictor, or no labelled cell.
  """
  space = spaces.get_space(options.space)
  if options.scores == "table":
    return Scorer(known.lookup, known.searched(space))
  if options.checkpoint == ZERO:
    return _zero(options)
  model = checkpoints.open_predictor(options.space, options.checkpoint)
  keys = None
  if known.benchmark is not None:
    keys = training_cells.find(space, options.checkpoint, model)
  return _scorer(options, model, keys)


def open_on_images(
  options: EvaluateOptions, image_set: image_sets.ImageSet
) -> Scorer:
  """Opens the predictor of a search for the best network of some images.

  Raises:
    UserError: there is no such predictor.
  """
  if options.checkpoint == ZERO:
    return _zero(options)
  model = checkpoints.open_on_images(
    options.space,
    options.checkpoint,
    lambda: evaluation.embed(image_set, options.seed),
  )
  return _scorer(options, model, None)


def _zero(options: Asked) -> Scorer:
  """The scorer of the zero-label score; whole small spaces are ranked here."""
  space = spaces.get_space(options.space)
  score_fn, ranking = zero_label.scorer(space)
  recipe = recipes.of(space)
  made_of = (
    ranking.describe()
    if ranking
    else zero_label.describe(recipe.source, {recipe.base: 1.0})
  )
  sign = -1 if options.best == "lowest" else 1
  return Scorer(
    lambda cells: sign * score_fn(cells),
    space,
    {**_learnt(options, recipe), "note": made_of},
    np.zeros(0, np.uint64),
    False,
    sign,
  )


def _learnt(options: Asked, recipe: recipes.Recipe) -> dict[str, Any]:
  """What a transfer predictor was learnt from; sizes learn nothing."""
  if recipe.base == recipes.SIZES:
    return _trained_on(options, {}, None)
  words = transfer.SOURCES[recipe.source]
  card = {"benchmark": recipe.source, "label": words, "seed": 0}
  card["num_train"] = transfer.SAMPLES * transfer.CELLS
  return {**_trained_on(options, card, None), "label": "cifar10/test"}


def _scorer(options: Asked, model: Any, keys: np.ndarray | None) -> Scorer:
  """The scorer of a predictor."""
  is_cost = getattr(model, "target", "accuracy") == "cost"
  best = options.best or ("lowest" if is_cost else "highest")
  sign = -1 if best == "lowest" else 1
  return Scorer(
    lambda cells: sign * model.predict(cells),
    spaces.get_space(options.space),
    _trained_on(options, model.card, getattr(model, "config", None)),
    keys,
    is_cost,
    sign,
  )


def _trained_on(
  options: Asked, card: dict[str, Any], config: Any
) -> dict[str, Any]:
  """What the card of a predictor says; unknown values are None."""
  words = card.get("label")
  parts = read_label(words) if isinstance(words, str) else {}
  label = None
  if card and config is not None:
    name = f"{config.dataset}/{config.train_label}"
    label = "custom/value" if config.table else name
  return {
    "checkpoint": options.checkpoint or options.space,
    "teacher": (config.get("teacher") if config is not None else None) or None,
    "benchmark": card.get("benchmark"),
    "label": label,
    "label_is": words,
    "dataset": parts.get("dataset"),
    "label_split": parts.get("split"),
    "epochs": parts.get("epochs"),
    "runs": parts.get("runs"),
    "note": parts.get("note"),
    "split": card.get("split"),
    "num_train": card.get("num_train"),
    "seed": card.get("seed"),
    "commit": card.get("commit"),
  }


def read_label(text: str) -> dict[str, Any]:
  """Takes a description of a label apart; empty where it has another form.

  Args:
    text: what `Label.describe` returns.

  Returns:
    `dataset`, `split`, `epochs` (None where not stated), `runs`, `note`.
  """
  found = _LABEL.fullmatch(text)
  if found is None:
    return {}
  epochs = found["epochs"]
  return {**found.groupdict(), "epochs": int(epochs) if epochs else None}


def in_parts(
  score_fn: Callable[[np.ndarray], np.ndarray], bar: progress.Progress
) -> Callable[[np.ndarray], np.ndarray]:
  """Splits long calls into equal parts, and counts what is scored.

  Equal parts have one compiled shape, and no score depends on them.

  Args:
    score_fn: maps cells `[n, G]` to scores `[n]`.
    bar: counts cells.
  """

  def score(genotypes: np.ndarray) -> np.ndarray:
    num = max(1, math.ceil(len(genotypes) / _PART))
    scores = []
    for part in np.array_split(genotypes, num):
      scores.append(np.asarray(score_fn(part)))
      bar.update(len(part))
    return np.concatenate(scores)

  return score
