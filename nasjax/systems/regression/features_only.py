"""A model without a network, beside which the kernel regression stands.

The score of a predictor is that of its network plus that of its regression
(`nasjax.regression`). Here the network is zero, so that the regression alone
predicts: nothing is trained, the rest of a predictor is as for the others.
"""

from collections.abc import Mapping
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from nasjax import graphs
from nasjax.features import kinds, reads


class FeaturesOnly(nn.Module):
  """Declares which features the regression reads; its own score is 0.

  Attributes:
    paths: whether path features stand beside the graph features.
    signals: whether signals do.
    edges: whether edge features of the space do, in the linear part.
    functions: whether a cell is read by its function (`Space.functions`).
    extra_kinds: further kinds of features (`nasjax.features.kinds`), by commas.
  """

  paths: bool = False
  signals: bool = False
  edges: bool = False
  functions: bool = False
  extra_kinds: str = ""

  @property
  def reads(self) -> reads.Reads:
    """Inputs of the regression, as the fields choose them."""
    return reads.Reads(
      kinds=kinds.chosen(
        paths=self.paths,
        signals=self.signals,
        edges=self.edges,
        extra=self.extra_kinds,
      ),
      by_function=self.functions,
      node_order=False,
    )

  @nn.compact
  def __call__(
    self, cell: graphs.CellGraphs, *, train: bool = False
  ) -> jax.Array:
    """Returns 0, whatever the architecture is.

    Args:
      cell: graphs without a batch axis.
      train: nothing depends on it.
    """
    del cell, train
    return jnp.zeros(())


def check(fields: Mapping[str, Any]) -> None:
  """Checks that the fields of the model fit together.

  Raises:
    UserError: two of them do not, or a kind is unknown or there twice.
  """
  kinds.check_chosen(fields)
