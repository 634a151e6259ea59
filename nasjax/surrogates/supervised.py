"""Representations that labels have shaped: the hidden layer of a predictor.

Beside representations without labels (arch2vec) they say what labels add.
Dimensions: `n` cells, `G` integers of a genotype, `W` units of the last hidden
layer.
"""

import functools
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from nasjax import compiler
from nasjax.features import inputs
from nasjax.predictors import predictor
from nasjax.spaces import base as spaces_base

_CHUNK, _MOST = 256, 16_384
_LAYER = "head_hidden"  # of the network of `systems.architecture`


def train(
  space: spaces_base.Space,
  genotypes: np.ndarray,
  labels: np.ndarray,
  seed: int = 0,
) -> predictor.Predictor:
  """Trains one network of the default predictor of a space.

  Args:
    space: the space.
    genotypes: labelled cells `[n, G]`.
    labels: `[n]`, any unit; higher = better.
    seed: of the training.

  Raises:
    UserError: see `Predictor.fit`.
  """
  model = predictor.Predictor(space, seed, num_members=1)
  return model.fit(genotypes, labels)


def represent(model: predictor.Predictor, genotypes: np.ndarray) -> np.ndarray:
  """What the last layer of the first member reads of cells, `[n, W]` float32.

  Args:
    model: `train` of labelled cells.
    genotypes: cells `[n, G]`.
  """
  program = _program(model.model, model.space, model.config.prune)
  params = jax.tree.map(lambda leaf: leaf[0], model.params)
  found = []
  for start in range(0, len(genotypes), _MOST):
    rows = genotypes[start : start + _MOST]
    size = max(_CHUNK, 1 << (len(rows) - 1).bit_length())
    padded = jnp.asarray(np.resize(rows, (size, rows.shape[1])))
    found.append(np.asarray(program(params, padded))[: len(rows)])
  return np.concatenate(found)


@functools.lru_cache(maxsize=4)
def _program(
  model: nn.Module, space: spaces_base.Space, prune: bool
) -> compiler.Program:
  """Compiles: parameters of a member and genotypes to hidden layers."""
  network: Any = getattr(model, "network", model)

  def one(params, cell):
    _, state = network.apply(
      params, cell, capture_intermediates=lambda each, _: each.name == _LAYER
    )
    return nn.relu(state["intermediates"][_LAYER]["__call__"][0])

  def chunk(params, rows):
    cells = inputs.make(space, rows, network.reads, prune=prune)
    return jax.vmap(one, (None, 0))(params, cells)

  def run(params, rows):
    chunks = rows.reshape(-1, _CHUNK, rows.shape[1])
    found = jax.lax.map(lambda each: chunk(params, each), chunks)
    return found.reshape(-1, found.shape[-1])

  return compiler.jit(run)
