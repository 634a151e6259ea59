"""`nasjax evaluate`: the best cells are trained on images of one's own."""

from typing import Any

import numpy as np

from nasjax import files, progress
from nasjax.commands import evaluation, scorers, search_run
from nasjax.commands.known import Known
from nasjax.commands.search_options import EvaluateOptions
from nasjax.networks import families, image_sets


def run(options: EvaluateOptions) -> None:
  """Searches, trains the best, prints and writes the result.

  Raises:
    UserError: what the options name is not there or does not fit.
  """
  families.get_family(options.space)
  search_run.check_budget(options)
  with progress.phase(f"reading images of {options.dataset}"):
    image_set = evaluation.load(
      options.dataset, options.image_size, options.seed
    )
  with progress.phase("opening the predictor"):
    scorer = scorers.open_on_images(options, image_set)
  known = Known(None, missing=f"{options.dataset} is a set of images")
  num_listed = max(options.top_k, options.top)
  report, cells = search_run.find(options, scorer, known, num_listed)
  _train(options, image_set, cells[: options.top], report["top"])
  if options.out:
    files.write_json(options.out, report)


def _train(
  options: EvaluateOptions,
  image_set: image_sets.ImageSet,
  cells: np.ndarray,
  top: list[dict[str, Any]],
) -> None:
  """Trains the best cells, prints and notes their accuracies."""
  seed, epochs, space = options.seed, options.epochs, options.space
  workdir = options.workdir or evaluation.folder(space, image_set, epochs, seed)
  print(
    f"training the best {len(cells)} for {epochs} epochs on "
    f"{len(image_set.train_labels)} images of {image_set.num_classes} classes, "
    f"{options.image_size} pixels; results in {workdir}"
  )
  trained = evaluation.train_best(
    space, cells, image_set, epochs, seed, workdir
  )
  evaluation.report(top, trained, workdir)
