"""Computation graphs of ONNX files; needs the extra `onnx`."""

import importlib.util
from collections.abc import Sequence
from typing import TYPE_CHECKING

from nasjax import errors, files
from nasjax.computation.graph import ComputationGraph

if TYPE_CHECKING:
  from nasjax.computation.onnx.drafts import Reading


def check_installed() -> None:
  """Checks that the package `onnx` is there.

  Raises:
    UserError: it is not.
  """
  if importlib.util.find_spec("onnx") is None:
    raise errors.UserError(
      "an ONNX model needs the package onnx: run pip install 'nasjax[onnx]'"
    )


def read(path: files.PathLike, shape: Sequence[int] | None = None) -> "Reading":
  """Reads the computation graph of an ONNX file; see `reader.read`.

  Raises:
    UserError: as there, or the package `onnx` is not installed.
  """
  check_installed()
  from nasjax.computation.onnx import reader

  return reader.read(path, shape)


def from_onnx(
  path: files.PathLike, shape: Sequence[int] | None = None
) -> ComputationGraph:
  """Reads the computation graph of an ONNX file; see `reader.read`.

  Args:
    path: the file.
    shape: shape of the main input without the batch, channels last, for the
      extents that the file leaves open.

  Raises:
    UserError: the file is damaged or has control flow, the shape does not fit,
      or the package `onnx` is not installed.
  """
  return read(path, shape).graph
