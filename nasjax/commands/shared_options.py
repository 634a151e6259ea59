"""Options that several commands have."""

from typing import Any

from nasjax.commands.options import option

# Written out, so that a mistake is found before anything heavy is imported.
SPACES = ("nb201", "nb101", "darts", "size")


def space() -> Any:
  """`--space`, the name of a space; one of the user's own is registered."""
  return option(
    "nb201",
    "search space, or MODULE:NAME of one's own",
    names=SPACES,
    find=_find_space,
  )


def _find_space(text: str) -> str:
  from nasjax.commands import own_spaces  # imports numpy

  return own_spaces.find(text)


def checkpoint() -> Any:
  """`--checkpoint`."""
  return option(
    None,
    "predictor: a saved folder, the workdir of a training, or a name; the one "
    "that comes with nasjax by default",
    metavar="NAME",
    is_path=True,
  )


def data_dir() -> Any:
  """`--data_dir`."""
  return option(
    None,
    "folder of benchmark tables and official files; NASJAX_DATA by default",
    metavar="DIR",
    is_path=True,
  )


def input_shape() -> Any:
  """`--shape`, for what an ONNX file leaves open."""
  return option(
    (),
    "shape of the input without the batch, channels last, for extents that the "
    "file leaves open",
    metavar="H,W,C",
    least=1,
    most=1_000_000,
  )
