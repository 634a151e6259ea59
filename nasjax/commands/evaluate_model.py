"""`nasjax evaluate --strategy model`: trainings choose the next trainings."""

import math
from typing import Any

import numpy as np

from nasjax import files, progress
from nasjax.commands import evaluation, search_report
from nasjax.commands.search_options import EvaluateOptions
from nasjax.networks import evaluate, families, image_sets
from nasjax.search import suggestions

_FIRST = 5  # whatever is spent, so that more trainings go on from fewer


def run(options: EvaluateOptions) -> None:
  """Asks, trains and tells until the trainings are spent; prints the best.

  What is asked depends on the seed and on the results alone, and each result
  is a file: the same command after an interruption asks for the same cells, and
  trains those that are missing.

  Raises:
    UserError: what the options name is not there or does not fit.
  """
  families.get_family(options.space)
  with progress.phase(f"reading images of {options.dataset}"):
    images = evaluation.load(options.dataset, options.image_size, options.seed)
  seed, epochs, space = options.seed, options.epochs, options.space
  workdir = options.workdir or evaluation.folder(space, images, epochs, seed)
  print(
    f"{options.trainings} trainings of {epochs} epochs on "
    f"{len(images.train_labels)} images of {images.num_classes} classes, "
    f"{options.image_size} pixels; results in {workdir}"
  )
  rows = _train(options, images, workdir)
  order = np.argsort([-_rank(row["trained"]) for row in rows], kind="stable")
  top = [rows[at] for at in order[: options.top_k]]
  _show(top, len(rows))
  if options.out:
    files.write_json(options.out, _report(options, rows, top))


def _train(
  options: EvaluateOptions,
  images: image_sets.ImageSet,
  workdir: files.PathLike,
) -> list[dict[str, Any]]:
  """Every training in the order in which it was asked."""
  suggester = suggestions.Suggester(
    options.space, options.seed, num_first=_FIRST, prior=options.prior
  )
  rows: list[dict[str, Any]] = []
  while len(rows) < options.trainings:
    count = min(options.batch, options.trainings - len(rows))
    asked = suggester.ask(count)
    if not asked:
      break
    cells = np.stack([each.genotype for each in asked])
    accuracies = evaluation.train_best(
      options.space, cells, images, options.epochs, options.seed, workdir
    )
    suggester.tell(cells, accuracies)
    for each, accuracy in zip(asked, accuracies, strict=True):
      rows.append(_row(each, accuracy, workdir))
      _say(len(rows), rows[-1])
  return rows


def _row(
  asked: suggestions.Suggestion, accuracy: float, workdir: files.PathLike
) -> dict[str, Any]:
  is_known = math.isfinite(accuracy)
  path = str(evaluate.weights_path(workdir, asked.arch)) if is_known else None
  return {
    "arch": asked.arch,
    "trained": accuracy if is_known else None,
    "predicted": asked.predicted,
    "std": asked.std,
    "reason": asked.reason,
    "weights": path,
  }


def _rank(accuracy: float | None) -> float:
  return -math.inf if accuracy is None else accuracy


def _say(number: int, row: dict[str, Any]) -> None:
  """Prints one training."""
  predicted = row["predicted"]
  expected = "" if predicted is None else f", predicted {predicted:.2f}"
  print(
    f"{number:>4}  {_accuracy(row):>9}  {row['reason']}{expected}  "
    f"{search_report.shorten(row['arch'])}",
    flush=True,
  )


def _accuracy(row: dict[str, Any]) -> str:
  return "diverged" if row["trained"] is None else f"{row['trained']:.2f} %"


def _show(top: list[dict[str, Any]], num: int) -> None:
  """Prints the best trainings."""
  print(f"best of {num} trainings, test accuracy after the last epoch")
  for rank, row in enumerate(top, 1):
    arch = search_report.shorten(row["arch"])
    print(f"{rank:>4}  {_accuracy(row):>9}  {arch}")
  if not top or top[0]["trained"] is None:
    print("winner  none: every training diverged")
    return
  print(
    f"weights {top[0]['weights']}: nasjax.networks.load(path).predict(images)"
  )


def _report(
  options: EvaluateOptions,
  rows: list[dict[str, Any]],
  top: list[dict[str, Any]],
) -> dict[str, Any]:
  return {
    "space": options.space,
    "strategy": options.strategy,
    "dataset": options.dataset,
    "label": "test accuracy after the last epoch, percent",
    "seed": options.seed,
    "epochs": options.epochs,
    "trainings": rows,
    "top": top,
  }
