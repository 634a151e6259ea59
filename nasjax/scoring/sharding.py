"""Many devices: a one-dimensional mesh over which architectures are split."""

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

ARCHITECTURES = "architectures"


def device_mesh(devices: Sequence[Any] | None = None) -> Mesh:
  """Returns the mesh whose one axis splits the architectures.

  Args:
    devices: devices of this process; all of them where None.
  """
  if devices is None:
    devices = jax.local_devices()
  return Mesh(np.asarray(devices), (ARCHITECTURES,))


def split_leading(mesh: Mesh) -> NamedSharding:
  """Sharding of arrays whose first axis is one entry for each device."""
  return NamedSharding(mesh, PartitionSpec(ARCHITECTURES))


def replicated(mesh: Mesh) -> NamedSharding:
  """Sharding of arrays that every device holds whole."""
  return NamedSharding(mesh, PartitionSpec())
