"""NAS-Bench-201 labels of AnalogNAS-Bench, from the package on PyPI.

Bessalah et al., "AnalogNAS-Bench: A NAS Benchmark for Analog In-Memory
Computing", 2025 (arXiv 2506.18495), trained all 15,625 cells of NAS-Bench-201
on CIFAR-10 anew. The baseline accuracies are an independent repetition of
NAS-Bench-201: their Kendall tau with its 200-epoch validation accuracies is
.888, with its test accuracies .926.
"""

import importlib.metadata
import pathlib

import numpy as np

from nasjax import errors, files, foreign
from nasjax.benchmarks import base
from nasjax.io import cache, safe_pickle
from nasjax.spaces import registry

PACKAGE = "analog-nasbench"
_MEMBER = "analognasbench/data.anb"
_SHA256 = {
  "85f3435b877aa2d36268d55ce07f6ff6d73643d17a840f1941745da5eb80db32": "0.1.3",
}
_OPERATIONS = (
  "skip_connect",
  "none",
  "nor_conv_3x3",
  "nor_conv_1x1",
  "avg_pool_3x3",
)
# Positions of 1<-0, 2<-0, 2<-1, 3<-0, 3<-1, 3<-2 among (0,1), (0,2), (0,3),
# (1,2), (1,3), (2,3).
_EDGES = (0, 1, 3, 2, 4, 5)

_ADVICE = f"run `pip install --force-reinstall {PACKAGE}`"

_FIELDS = {
  "cifar10/test": ("baseline_accuracy", "full precision"),
  "cifar10/test_ptq": ("ptq_accuracy", "quantised after training"),
  "cifar10/test_qat": ("qat_accuracy", "fine-tuned with quantisation"),
  "cifar10/test_noisy": ("noisy_accuracy", "simulated analog hardware"),
  "cifar10/test_analog": (
    "analog_accuracy",
    "simulated analog hardware after hardware-aware training",
  ),
}
_LABELS = {
  label: base.Label(
    "cifar10", "test", 200, "one run", f"AnalogNAS-Bench, {note}"
  )
  for label, (_, note) in _FIELDS.items()
}


class _Record:
  """Takes the place of the package's classes: attributes, no behaviour."""

  def __setstate__(self, state: dict) -> None:
    vars(self).update(state)


_ALLOWED = {
  ("analognasbench.data", "Architecture"): _Record,
  ("analognasbench.data", "DriftMeasurement"): _Record,
}


def data_file() -> pathlib.Path:
  """Finds the data file without importing the package.

  Raises:
    UserError: the package is not installed, or without its data.
  """
  try:
    distribution = importlib.metadata.distribution(PACKAGE)
  except importlib.metadata.PackageNotFoundError as error:
    raise errors.UserError(
      f"benchmark 'nb201_analog' needs the package {PACKAGE!r}: expected it "
      f"to be installed with nasjax; run `pip install {PACKAGE}`"
    ) from error
  path = pathlib.Path(str(distribution.locate_file(_MEMBER)))
  if not path.is_file():
    raise errors.UserError(
      f"package {PACKAGE!r}: expected the file {_MEMBER}, got none; run "
      f"`pip install --force-reinstall {PACKAGE}`"
    )
  return path


def load() -> base.Benchmark:
  """Loads all cells in the order of the space's index.

  Raises:
    UserError: the package is missing, or its data file is an unknown one.
  """
  path = data_file()
  digest = files.sha256(path)
  if digest not in _SHA256:
    raise errors.UserError(
      f"{str(path)!r}: expected the data of {PACKAGE} "
      f"{', '.join(_SHA256.values())}, got sha256 {digest}; run "
      f"`pip install --force-reinstall '{PACKAGE}==0.1.3'`"
    )
  arrays = dict(cache.cached("nb201_analog", digest, lambda: convert(path)))
  return base.Benchmark(
    name="nb201_analog",
    space=registry.get_space("nb201"),
    genotypes=arrays.pop("genotypes"),
    labels=_LABELS,
    columns=arrays,
    source=f"AnalogNAS-Bench, package {PACKAGE} {_SHA256[digest]}",
  )


def convert(path: pathlib.Path) -> dict[str, np.ndarray]:
  """Reads the package's data file.

  Returns:
    `genotypes` `[n, 6]` int8 in the order of the space's index, and columns
    `[n]` float64 in percent.

  Raises:
    UserError: the file is damaged or names foreign objects.
  """
  op_names = registry.get_space("nb201").op_names
  translation = np.array([op_names.index(op) for op in _OPERATIONS], np.int8)
  with foreign.reading(path, "one record for each architecture", _ADVICE):
    with open(path, "rb") as file:
      content = safe_pickle.load(file, _ALLOWED)
    genotypes = translation[np.array(list(content))[:, _EDGES]]
    order = np.lexsort(genotypes.T[::-1])
    columns = {
      label: np.array([getattr(row, name) for row in content.values()], float)
      for label, (name, _) in _FIELDS.items()
    }
  ordered = {label: column[order] for label, column in columns.items()}
  return {"genotypes": genotypes[order], **ordered}
