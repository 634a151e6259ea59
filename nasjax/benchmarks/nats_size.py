"""The size space of NATS-Bench (Dong et al., TPAMI 2021), CIFAR-10."""

import pathlib

import numpy as np

from nasjax import errors
from nasjax.benchmarks import base, tables
from nasjax.spaces import nats_size, registry

TABLES = ("nats_sss_cifar10.npz",)


def load(folder: pathlib.Path) -> base.Benchmark | None:
  """Loads `nats_sss_cifar10.npz` of a folder; None where it has none.

  Raises:
    UserError: the table is damaged.
  """
  where = TABLES[0]
  if not (folder / where).exists():
    return None
  table = tables.read(folder, where, ("channels", "acc"))
  channels = tables.integers(table, "channels", where, 1, 64, (5,))
  if (channels % nats_size.STEP).any():
    raise errors.UserError(
      f"{where}: expected multiples of {nats_size.STEP} in column 'channels', "
      "got others; fetch the table again"
    )
  space = registry.get_space("size")
  genotypes = (channels // nats_size.STEP - 1).astype(np.int8)
  return base.Benchmark(
    name="nats_size",
    space=space,
    genotypes=tables.check_rows(genotypes, where),
    labels={
      "cifar10/test": base.Label("cifar10", "test", 0, "runs not stated")
    },
    columns={"cifar10/test": tables.percent(table, "acc", where)},
    source="NATS-Bench size space (table)",
  )
