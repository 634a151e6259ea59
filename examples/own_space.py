"""A search space of your own, from labelled cells to the best one.

  python examples/own_space.py

Four layers in a row, each one of three operations: 81 networks, 30 of them with
a label. docs/spaces.md says what else a space may define.
"""

import jax.numpy as jnp
import numpy as np

import nasjax
from nasjax import operators
from nasjax.spaces.base import EncodedCells


class Chain(nasjax.ChoiceSpace):
  """Four layers in a row, each one of three operations."""

  name = "chain"
  choices = (3, 3, 3, 3)
  op_names = operator_names = ("conv_1x1", "conv_3x3", "max_pool_3x3")
  num_nodes = 6  # input, four layers, output
  max_hops = 5  # edges of the longest path

  def encode(self, genotypes):
    """Draws genotypes `[B, 4]` as graphs of six nodes; JAX traces it."""
    batch = genotypes.shape[0]
    ids = jnp.asarray(operators.operator_ids(self.operator_names))
    ops = jnp.pad(ids[genotypes], ((0, 0), (1, 1)))
    ops = ops.at[:, 0].set(operators.INPUT).at[:, -1].set(operators.OUTPUT)
    return EncodedCells(
      ops=ops,
      channels=jnp.zeros((batch, 6, 2)),
      cell_type=jnp.zeros((batch, 6)),
      adjacency=jnp.broadcast_to(jnp.eye(6, k=1), (batch, 6, 6)),
      mask=jnp.ones((batch, 6)),
    )


def measured(cells):
  """Stands in for accuracies that you measured, percent `[n]`."""
  return 80 + 3 * (cells == 1).sum(1) + (cells[:, 0] == 1) - (cells[:, 3] == 2)


space = Chain()
cells = space.enumerate()  # [81, 4]
labelled = np.random.default_rng(0).choice(len(cells), 30, replace=False)

LAYERS = ("num_layers", "encoder_layers", "predictor_layers")
small = {"epochs": 50, "num_members": 1, "model": dict.fromkeys(LAYERS, 1)}
predictor = nasjax.Predictor(space, **small)
predictor.fit(cells[labelled], measured(cells[labelled]))

best = cells[np.argsort(-predictor.predict(cells))[:3]]
for name, accuracy in zip(space.format(best), measured(best), strict=True):
  print(f"{name}  {accuracy} % of {measured(cells).max()} %")
