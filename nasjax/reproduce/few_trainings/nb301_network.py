"""The surrogate network of NAS-Bench-301 as the accuracy of any DARTS cell.

The network of YAHPO Gym (Pfisterer et al. 2022), `nb301_surrogate` of the data
folder: `model.onnx` and `encoding.json`. It predicts the validation accuracy
of a cell after some epochs; the table of the benchmark `nb301` holds what it
says after 98.
"""

import functools
import itertools
import pathlib
from typing import Any

import numpy as np

from nasjax import errors, files
from nasjax.reproduce import extras
from nasjax.spaces import darts

FOLDER = "nb301_surrogate"
EPOCHS = 98
WHAT = (
  f"cifar10 val accuracy, {EPOCHS} epochs, SURROGATE: predicted by the YAHPO "
  "Gym network for any cell, no training behind it"
)

_PREFIX = "NetworkSelectorDatasetInfo_COLON_darts_COLON_"
_FIRST_EDGE = (0, 2, 5, 9)
_CELLS = ("normal", "reduce")
_ABSENT = "#na#"


class Network:
  """Scores DARTS cells without `none`.

  Attributes:
    names: fields of the network, in order.
  """

  names = (
    *(f"edge_{cell}_{edge}" for cell in _CELLS for edge in range(14)),
    *(f"inputs_node_{cell}_{node}" for cell in _CELLS for node in (3, 4, 5)),
  )

  def __init__(self, folder: pathlib.Path):
    """Reads both files.

    Raises:
      UserError: a file is missing or damaged, or onnxruntime is not installed.
    """
    runtime: Any = extras.load("onnxruntime", "baselines")
    for name in ("model.onnx", "encoding.json"):
      if not (folder / name).is_file():
        raise errors.UserError(
          f"DARTS: expected {FOLDER}/{name} (the NB301 network of YAHPO Gym) "
          f"in the data folder, got none in {errors.quote(str(folder))}; put "
          "it there"
        )
    codes = files.read_json(folder / "encoding.json", "codes of the network")
    self._codes = [codes[_PREFIX + name] for name in self.names]
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    self._session = runtime.InferenceSession(
      str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
    )

  def __call__(self, genotypes: np.ndarray) -> np.ndarray:
    """Validation accuracy of cells `[n, 32]` in percent, `[n]`."""
    epochs = np.array([[EPOCHS]], np.float32)
    found = [
      self._session.run(None, {"x_cat": row[None], "x_cont": epochs})[0][0, 0]
      for row in self._encode(genotypes)
    ]
    return np.array(found, np.float64)

  def _encode(self, genotypes: np.ndarray) -> np.ndarray:
    """Codes of cells `[n, 32]`, `[n, 34]` int32."""
    rows = np.empty((len(genotypes), len(self.names)), np.int32)
    for place, genotype in enumerate(genotypes.reshape(-1, 2, 8, 2)):
      words = dict.fromkeys(self.names, _ABSENT)
      for cell, node in itertools.product((0, 1), range(4)):
        pair = genotype[cell, 2 * node : 2 * node + 2].tolist()
        for source, op in pair:
          edge = _FIRST_EDGE[node] + source
          words[f"edge_{_CELLS[cell]}_{edge}"] = darts.OP_NAMES[op]
        if node:
          inputs = "_".join(str(source) for source, _ in sorted(pair))
          words[f"inputs_node_{_CELLS[cell]}_{node + 2}"] = inputs
      rows[place] = [
        codes[words[name]]
        for codes, name in zip(self._codes, self.names, strict=True)
      ]
    return rows


@functools.lru_cache(maxsize=2)
def load(data_dir: files.PathLike | None = None) -> Network:
  """Loads the network of the data folder.

  Raises:
    UserError: no folder is named, or the network is not in it.
  """
  folder = files.data_dir(data_dir)
  if folder is None:
    raise errors.UserError(
      "DARTS: expected the folder of --data_dir or NASJAX_DATA with "
      f"{FOLDER} (the NB301 network of YAHPO Gym) in it, got no folder"
    )
  return Network(folder / FOLDER)
