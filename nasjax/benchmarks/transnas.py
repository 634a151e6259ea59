"""TransNAS-Bench-101 micro: 4,096 cells on tasks of the Taskonomy images.

Duan et al., CVPR 2021. A cell has the nodes and edges of NAS-Bench-201 and four
of its five operations (no pooling), so that it is a cell of that space; the
networks are others (`nasjax.computation.families.transnas`).
"""

import pathlib

import numpy as np

from nasjax.benchmarks import base, tables
from nasjax.spaces import registry

TABLES = ("tnb101_micro.npz",)
TASKS = ("class_scene", "class_object", "jigsaw")
"""Tasks whose validation score is an accuracy in percent."""
_OPS = 4  # none, skip, 1 x 1 and 3 x 3 convolution, coded as in NAS-Bench-201


def load(folder: pathlib.Path) -> base.Benchmark | None:
  """Loads `tnb101_micro.npz` of a folder; None where it has none.

  Raises:
    UserError: the table is damaged.
  """
  where = TABLES[0]
  if not (folder / where).exists():
    return None
  table = tables.read(folder, where, ("arch", "val"))
  space = registry.get_space("nb201")
  codes = tables.integers(table, "arch", where, 0, _OPS - 1, (6,))
  tasks = tables.named_columns(table, "val", "tasks", where)
  columns = {
    f"{task}/val": tables.percent(tasks, task, where)
    for task in TASKS
    if task in tasks
  }
  return base.Benchmark(
    name="transnas",
    space=space,
    genotypes=tables.check_rows(space.check(codes.astype(np.int8)), where),
    labels={
      name: base.Label(name.split("/")[0], "val", 0, "one run")
      for name in columns
    },
    columns=columns,
    source="TransNAS-Bench-101 micro, NAS-Bench-201 cells without pooling "
    "(table)",
  )
