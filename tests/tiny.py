"""A model and a config small enough to compile and train in seconds."""

import jax.numpy as jnp

from nasjax import config as configs
from nasjax.features import inputs, kinds, reads

MODEL = {
  "width": 8,
  "num_heads": 2,
  "num_layers": 1,
  "ffn_width": 8,
  "encoder_layers": 1,
  "predictor_layers": 1,
  "gcn_width": 8,
  "head_width": 8,
}

# Those of the model that compiles fastest, for tests of what is around it.
LIGHT = {"model.head": "mlp", "model.encoder_layers": 0, "model.num_layers": 0}


def config(**fields):
  """Default config with the tiny model and three short epochs."""
  small = {f"model.{name}": value for name, value in MODEL.items()}
  base = {
    "epochs": 3,
    "num_train": 20,
    "num_seeds": 2,
    "batch_size": 8,
    "checkpoint_every": 1,
  }
  return configs.override(configs.default(), {**small, **base, **fields})


def cells(space, genotypes, *, by_function=False, prune=True, only=None):
  """Graphs of genotypes `[B, G]` with the given kinds of features.

  By default all but signals that the space has.
  """
  if only is None:
    only = ("graph",) if by_function else ("graph", "paths")
    if space.name == "darts":
      only = (*only, "edges")
  assert set(only) <= set(kinds.KINDS)
  what = reads.Reads(kinds=only, by_function=by_function)
  return inputs.program(space, what, prune)(jnp.asarray(genotypes))
