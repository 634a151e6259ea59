"""Finds a trained predictor by the words that a command line uses."""

from nasjax import errors, predictor


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
    UserError: nothing is there, it is damaged, or it scores another space.
  """
  names = predictor.pretrained_names()
  name = checkpoint or space
  if f"{space}_{name}" in names:
    name = f"{space}_{name}"
  if checkpoint is None or name in names:
    model = predictor.Predictor.pretrained(name)
  else:
    model = predictor.Predictor.load(name)
  if model.space.name != space:
    raise errors.UserError(
      f"--checkpoint is a predictor of the space {model.space.name!r}: "
      f"expected one of {space!r}"
    )
  return model
