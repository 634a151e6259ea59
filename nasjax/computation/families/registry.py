"""Families of networks with labels, by name.

Dimensions: `n` networks, `G` integers that describe one.
"""

import dataclasses
import pathlib
from collections.abc import Callable

import numpy as np

from nasjax import errors, files
from nasjax.computation.families import (
  accel,
  darts,
  macro,
  nb101,
  nb201,
  ofa,
  size,
  sources,
  transnas,
)
from nasjax.computation.graph import ComputationGraph

Build = Callable[[np.ndarray], list[ComputationGraph]]
Read = Callable[[pathlib.Path | None, str], sources.Found]


@dataclasses.dataclass(frozen=True)
class Family:
  """Networks that differ in a few choices, and their labels.

  Attributes:
    title: what tables call it.
    build: makes the graphs of descriptions `[n, G]`.
    read: reads descriptions and labels, NaN where there is none.
    labels: names of the labels, higher = better; the first is the default.
    is_surrogate: whether a model made the labels, without any training.
  """

  title: str
  build: Build
  read: Read
  labels: tuple[str, ...]
  is_surrogate: bool = False


@dataclasses.dataclass(frozen=True, eq=False)
class Labelled:
  """The networks of a family that have a label.

  Attributes:
    family: the family.
    label: name of the label.
    codes: descriptions, `[n, G]`.
    values: labels, `[n]` float64, higher = better.
  """

  family: Family
  label: str
  codes: np.ndarray
  values: np.ndarray

  def __len__(self) -> int:
    return len(self.values)

  def graphs(self, rows: np.ndarray | slice = slice(None)):
    """Builds the graphs of some rows; a list."""
    return self.family.build(self.codes[rows])

  def drawn(self, number: int, seed: int) -> "Labelled":
    """Draws networks without repetition; all of them where there are fewer."""
    if len(self) <= number:
      return self
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.choice(len(self), number, replace=False))
    return dataclasses.replace(
      self, codes=self.codes[rows], values=self.values[rows]
    )


_TRANSNAS = (
  "class_scene",
  "class_object",
  "room_layout",
  "jigsaw",
  "segmentsemantic",
  "normal",
  "autoencoder",
)
_OFA = (("ks", 20, 7), ("expand", 20, 6), ("depth", 5, 4))
_FAMILIES = {
  "nb101": Family(
    "NAS-Bench-101", nb101.build, sources.Benchmark("nb101"), ("cifar10/test",)
  ),
  "nb201": Family(
    "NAS-Bench-201",
    nb201.build,
    sources.Benchmark("nb201"),
    ("cifar10/test", "cifar100/test", "imagenet16/test"),
  ),
  "darts545": Family(
    "DARTS, 545 trained",
    darts.build,
    sources.Benchmark("darts545"),
    ("cifar10/val50",),
  ),
  "nb301": Family(
    "DARTS, surrogate",
    darts.build,
    sources.Benchmark("nb301"),
    ("cifar10/val",),
    is_surrogate=True,
  ),
  "size": Family(
    "NATS size space",
    size.build,
    sources.Table("nats_sss_cifar10.npz", (("channels", 5, 64),), "acc"),
    ("cifar10/test",),
  ),
  "macro": Family(
    "NAS-Bench-Macro", macro.build, sources.read_macro, ("cifar10/test",)
  ),
  "transnas": Family(
    "TransNAS-Bench-101 micro",
    transnas.build,
    sources.Table("tnb101_micro.npz", (("arch", 6, 3),), "val", "tasks"),
    _TRANSNAS,
  ),
  "accel": Family(
    "Accel-NASBench",
    accel.build,
    sources.Table(
      "accel_nasbench.npz", (("arch", 28, 6),), "metrics", "metric_names"
    ),
    ("val_top1",),
  ),
  "ofa": Family(
    "Once-for-All MobileNetV3, surrogate",
    ofa.build,
    sources.Table("ofa_mbv3_surrogate10000.npz", _OFA, "imagenet_acc_pred"),
    ("imagenet/val",),
    is_surrogate=True,
  ),
}


def family_names() -> tuple[str, ...]:
  """Returns the names of all families."""
  return tuple(_FAMILIES)


def get_family(name: str) -> Family:
  """Returns a family.

  Raises:
    UserError: none has that name.
  """
  errors.check_name("family", name, _FAMILIES)
  return _FAMILIES[name]


def load(
  name: str, data_dir: files.PathLike | None = None, label: str = ""
) -> Labelled:
  """Reads the labelled networks of a family.

  Args:
    name: one of `family_names()`.
    data_dir: folder of the tables; `NASJAX_DATA` by default.
    label: one of the family's labels, by default the first.

  Raises:
    UserError: a name is unknown, the table is missing or damaged, or no network
      has the label.
  """
  family = get_family(name)
  label = label or family.labels[0]
  errors.check_name(f"label of family {name!r}", label, family.labels)
  folder = None if data_dir is None else files.expand(data_dir)
  codes, values = family.read(folder, label)
  is_known = np.isfinite(values)
  if not is_known.any():
    raise errors.UserError(
      f"family {name!r}: expected networks with the label {label!r}, got none; "
      "fetch the table again"
    )
  return Labelled(family, label, codes[is_known], values[is_known])
