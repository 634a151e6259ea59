"""The networks of a space: how a cell becomes one, and how it is stacked."""

import dataclasses
import importlib
from collections.abc import Callable
from typing import Any

from nasjax import errors
from nasjax.spaces import base
from nasjax.spaces import registry as spaces


@dataclasses.dataclass(frozen=True)
class Family:
  """The networks of a space; the attribute `networks` of a space of one's own.

  Attributes:
    network: makes the module of a cell. It takes the codes of the genotype (a
      tuple of `G` integers), a `Skeleton` and the type of the computation, and
      returns a linen module with the attribute `skeleton` that maps images as
      `nasjax.networks.build` says. `MODULE:NAME` stands for something that is
      imported where it is needed.
    official: channels of the first stage and cells of a stage, of the benchmark
      or paper.
    small: the same of a network that trains on a CPU.
  """

  network: str | Callable[..., Any]
  official: tuple[int, int]
  small: tuple[int, int]

  @property
  def make(self) -> Callable[..., Any]:
    """Returns the network that `network` names."""
    if not isinstance(self.network, str):
      return self.network
    module, _, name = self.network.partition(":")
    return getattr(importlib.import_module(module), name)


_SHIPPED = {
  "nb101": Family("nasjax.networks.nb101:Network", (128, 3), (16, 1)),
  "nb201": Family("nasjax.networks.nb201:Network", (16, 5), (8, 1)),
  "darts": Family("nasjax.networks.darts:Network", (36, 6), (8, 1)),
}


def get_family(space: str | base.Space) -> Family:
  """Returns the networks of a space, given itself or its name.

  Raises:
    UserError: no space has that name, or its cells have no networks.
  """
  found = spaces.as_space(space)
  family = _SHIPPED.get(found.name, found.networks)
  if not isinstance(family, Family):
    raise errors.UserError(
      f"space {found.name!r} has no networks: expected a "
      "nasjax.networks.Family as the attribute networks of "
      f"{type(found).__name__}, got {errors.quote(family)}; without it cells "
      "cannot be trained"
    )
  return family
