"""Adds a digest to saved models that have none; parameters stay as they are.

  python -m nasjax.pretrained.digests FOLDER [FOLDER ...]

A model that has a digest is checked. Each digest is printed beside its folder.
"""

import argparse
from collections.abc import Sequence

from nasjax import files
from nasjax.commands import arguments, command
from nasjax.predictors import (
  dataset_predictor,
  deviations,
  predictor,
  saved,
)
from nasjax.training import model_folders


def add(folder: files.PathLike) -> str:
  """Writes the digest of a saved model into its `model.json`.

  A model that has one is checked, and not written again.

  Returns:
    The digest, hex sha256.

  Raises:
    UserError: the folder holds no saved model, it does not match the digest
      that it has, or it cannot be written.
  """
  folder = files.expand(folder)
  meta, described = model_folders.read(folder), saved.load(folder)
  if described.sample:
    params = dataset_predictor.DatasetPredictor.load(folder).params
  else:
    model = predictor.Predictor.load(folder)
    params = deviations.join(model.params, model.fitted.spread)
  found = saved.digest(described, params)
  if described.digest is None:
    content = {**meta, saved.DIGEST: found}
    files.write_json(folder / model_folders.META, content)
  return found


def _main(argv: Sequence[str]) -> None:
  parser = arguments.Parser(
    prog="python -m nasjax.pretrained.digests",
    description=__doc__,
    formatter_class=argparse.RawDescriptionHelpFormatter,
  )
  parser.add_argument("FOLDER", nargs="+", help="a saved model")
  for folder in parser.parse_args(argv[1:]).FOLDER:
    print(f"{add(folder)}  {folder}")


main = command.guard(_main)
