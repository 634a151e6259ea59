"""The inputs that a model declares: the contract of models and inputs."""

import dataclasses

import jax
import jax.numpy as jnp

from nasjax import errors, graphs


@dataclasses.dataclass(frozen=True)
class Reads:
  """Inputs of a model; every model and every wrapper has them as `reads`.

  Attributes:
    kinds: kinds of features (`nasjax.features.kinds`), in the order in which
      the model puts them side by side.
    by_function: whether a cell is read as the cell that stands for its function
      (`Space.functions`), so that all cells of a function have one score.
    node_order: whether the score depends on the numbering of the nodes;
      otherwise isomorphic cells have equal scores.
    shared: whether members of an ensemble share a part of the score, which
      `model.shared(params, cell)` computes once for all of them.
  """

  kinds: tuple[str, ...] = ()
  by_function: bool = False
  node_order: bool = True
  shared: bool = False

  def side_by_side(self, cell: graphs.CellGraphs) -> jax.Array:
    """The features that are read of a cell, `[F]` in all.

    Args:
      cell: a cell, or a batch of cells with leading axes.

    Raises:
      UserError: a kind is missing.
    """
    for kind in self.kinds:
      if kind not in cell.features:
        raise errors.UserError(
          f"cells: expected features of the kind {kind!r}, got none; build "
          "them with nasjax.features.inputs.make(space, genotypes, "
          "model.reads)"
        )
    return jnp.concatenate([cell.features[kind] for kind in self.kinds], -1)
