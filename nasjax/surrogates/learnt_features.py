"""Bayesian linear regression on the hidden layer of a perceptron, for tables.

Snoek et al., ICML 2015. Dimensions: `m` cells, `E` numbers of an embedding, `F`
units of the hidden layer.
"""

import functools
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from nasjax import compiler
from nasjax.surrogates import bayesian_linear, perceptrons

_AT_ONCE = 4096


def moments(
  fitted: perceptrons.Fitted,
  linear: bayesian_linear.Linear,
  values: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
  """What a regression expects of many cells.

  Args:
    fitted: a perceptron; its first member counts.
    linear: a regression on its features.
    values: embeddings, `[m, E]` float32.

  Returns:
    Means and standard deviations with the noise of a score, `[m]` float64.
  """
  rest = np.eye(len(linear.shift)) - linear.axes @ linear.axes.T
  root = (linear.axes * np.sqrt(linear.variances)) @ linear.axes.T
  root += np.sqrt(linear.rest) * rest
  params = jax.tree.map(lambda each: each[0], fitted.params)
  weights = (linear.shift, linear.axes @ linear.mean, root)
  padding = -len(values) % _AT_ONCE
  padded = np.pad(values, ((0, padding), (0, 0)))
  found = _program(fitted.network)(
    params, jnp.asarray(padded), *(x.astype(np.float32) for x in weights)
  )
  means, variances = (np.asarray(x)[: len(values)].astype(float) for x in found)
  return means, np.sqrt(variances + linear.noise)


@functools.lru_cache(maxsize=8)
def _program(network: nn.Module) -> compiler.Program:
  """Compiles: parameters, embeddings, shift, weights, root -> moments."""

  def part(params: Any, shift, weights, root, rows):
    features: Any = network.apply(params, rows)[1]
    centred = features - shift[None]
    return centred @ weights, jnp.sum((centred @ root) ** 2, axis=1)

  def run(params, values, shift, weights, root):
    chunks = values.reshape(-1, _AT_ONCE, values.shape[1])
    found = jax.lax.map(
      lambda rows: part(params, shift, weights, root, rows), chunks
    )
    return jax.tree.map(jnp.ravel, found)

  return compiler.jit(run)
