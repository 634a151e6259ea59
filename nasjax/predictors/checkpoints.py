"""Finds a trained predictor by the words that a command line uses."""

from collections.abc import Callable
from typing import Any

from nasjax import errors
from nasjax.images import sample
from nasjax.predictors import dataset_predictor, predictor

IMAGES = "images"

Embed = Callable[[], sample.ClassEmbeddings]


def open_predictor(
  space: str, checkpoint: str | None = None
) -> predictor.Predictor:
  """Opens a predictor of a space.

  Args:
    space: name of the search space.
    checkpoint: name of a predictor that comes with nasjax (`student` is short
      for `<space>_student`), saved folder, or workdir of a training; the
      pretrained predictor of the space where None.

  Raises:
    UserError: nothing is there, it is damaged, it scores another space, or it
      needs images.
  """
  if checkpoint == IMAGES:
    raise errors.UserError(
      "--checkpoint images is a predictor that sees images: expected "
      "--evaluate and --dataset of images as well, as in nasjax evaluate"
    )
  names = predictor.pretrained_names()
  name = checkpoint or space
  if f"{space}_{name}" in names:
    name = f"{space}_{name}"
  if checkpoint is None and name not in names:
    raise errors.UserError(
      f"no predictor of the space {space!r} comes with nasjax: expected "
      "--checkpoint of one that was trained (a folder, or the workdir of "
      "train.py)"
    )
  if checkpoint is None or name in names:
    model = predictor.Predictor.pretrained(name)
  else:
    model = predictor.Predictor.load(name)
  return _of_space(model, space)


def open_on_images(space: str, checkpoint: str | None, embed: Embed) -> Any:
  """Opens a predictor of a space for one image set.

  Args:
    space: name of the search space.
    checkpoint: as above; `images` is the one of the space that sees images,
      and taken where None if the space has one.
    embed: makes the embeddings of the image set; called where they are used.

  Returns:
    A predictor with `predict` and `card`.

  Raises:
    UserError: see above.
  """
  if checkpoint is None and space in dataset_predictor.pretrained_spaces():
    checkpoint = IMAGES
  if checkpoint == IMAGES:
    model = dataset_predictor.DatasetPredictor.pretrained(space)
  elif checkpoint and dataset_predictor.reads_images(checkpoint):
    model = dataset_predictor.DatasetPredictor.load(checkpoint)
  else:
    return open_predictor(space, checkpoint)
  model = _of_space(model, space)
  try:
    images = embed()
  except errors.UserError as error:
    raise errors.UserError(
      f"{error}; or take a predictor that sees no images: --checkpoint {space}"
    ) from error
  return model.on(images)


def _of_space(model: Any, space: str) -> Any:
  if model.space.name != space:
    raise errors.UserError(
      f"--checkpoint is a predictor of the space {model.space.name!r}: "
      f"expected one of {space!r}"
    )
  return model
