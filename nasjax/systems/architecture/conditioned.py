"""A predictor of a cell ON a data set, which it knows by some of its images.

Wang et al. 2024, section 3.3: the encoding `H_D` of the data set is the head
node `S_0` of the full training graph. Written for one architecture and one data
set. Dimensions: `C` classes, `P` images of each, `D` width of an embedding, `K`
width of `H_D`.
"""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from nasjax import graphs
from nasjax.features import reads
from nasjax.systems.architecture import dataset_encoder, predictor


class ConditionedPredictor(nn.Module):
  """Dataset encoder -> `H_D` -> predictor of the architecture.

  Attributes:
    predictor: the predictor of architectures.
    width: `K`.
    num_heads: heads of the set attention.
    num_layers: SABs at each level of the dataset encoder.
    sees_dataset: False replaces `H_D` by a learned vector: the same predictor
      for every data set.
    forget_rate: how often training replaces `H_D` by zero, a data set of which
      nothing is known. With few data sets to learn from, a predictor that
      always knows which one it is on does not learn what they share. The
      training is that of classifier-free guidance (Ho and Salimans, 2022).
  """

  predictor: predictor.ArchitecturePredictor
  width: int = 64
  num_heads: int = 4
  num_layers: int = 1
  sees_dataset: bool = True
  forget_rate: float = 0.5

  @property
  def reads(self) -> reads.Reads:
    """Inputs of the predictor of architectures."""
    return self.predictor.reads

  def setup(self):
    """Makes the dataset encoder."""
    self.dataset_encoder = dataset_encoder.DatasetEncoder(
      self.width, self.num_heads, self.num_layers
    )

  def encode_dataset(
    self, embeddings: jax.Array, mask: jax.Array, *, train: bool = False
  ) -> jax.Array:
    """Maps embeddings `[C, P, D]` with their mask `[C, P]` to `H_D` `[K]`.

    In training (`train`, needs a `dropout` key) it is zero now and then.
    """
    state = self.dataset_encoder(embeddings, mask)
    if train:
      kept = jax.random.bernoulli(
        self.make_rng("dropout"), 1 - self.forget_rate
      )
      state *= kept
    return state

  def score(
    self, cell: graphs.CellGraphs, dataset: jax.Array, *, train: bool = False
  ) -> jax.Array:
    """Scores one architecture on one data set.

    Args:
      cell: graphs without a batch axis.
      dataset: `H_D`, `[K]`.
      train: whether dropout is on (needs a `dropout` key).

    Returns:
      A scalar, higher = better on that data set. Outside of training it is the
      mean of what `H_D` says and of what holds for any data set, if that was
      learnt (`forget_rate`).
    """
    known = dataset if self.sees_dataset else None
    averaged = self.forget_rate > 0 and not train
    return _score(self.predictor, cell, known, train, averaged)

  def __call__(
    self,
    cell: graphs.CellGraphs,
    embeddings: jax.Array,
    mask: jax.Array,
    *,
    train: bool = False,
  ) -> jax.Array:
    """Encodes the data set and scores; arguments as above."""
    state = self.encode_dataset(embeddings, mask)
    return self.score(cell, state, train=train)


class PredictorOnDataset(nn.Module):
  """The predictor on one data set whose `H_D` is known: a parameter.

  It has the signature of every predictor of architectures, so that a whole
  space is scored as by the others. Its parameters come from `bind`.

  Attributes:
    predictor: the predictor of architectures.
    width: `K`.
    sees_dataset: as in `ConditionedPredictor`.
    forget_rate: as in `ConditionedPredictor`.
  """

  predictor: predictor.ArchitecturePredictor
  width: int = 64
  sees_dataset: bool = True
  forget_rate: float = 0.5

  @property
  def reads(self) -> reads.Reads:
    """Inputs of the predictor of architectures."""
    return self.predictor.reads

  @nn.compact
  def __call__(
    self, cell: graphs.CellGraphs, *, train: bool = False
  ) -> jax.Array:
    """Scores one architecture, a scalar."""
    state = self.param("dataset", nn.initializers.zeros, (self.width,))
    known = state if self.sees_dataset else None
    averaged = self.forget_rate > 0 and not train
    return _score(self.predictor, cell, known, train, averaged)


def _score(
  model: predictor.ArchitecturePredictor,
  cell: graphs.CellGraphs,
  dataset: jax.Array | None,
  train: bool,
  averaged: bool,
) -> jax.Array:
  score = model(cell, dataset, train=train)
  if dataset is None or not averaged:
    return score
  return (score + model(cell, jnp.zeros_like(dataset), train=train)) / 2


def bound_model(model: ConditionedPredictor) -> PredictorOnDataset:
  """Returns the predictor of cells on one data set, without parameters."""
  return PredictorOnDataset(
    model.predictor, model.width, model.sees_dataset, model.forget_rate
  )


def bind(
  model: ConditionedPredictor, params: Any, embeddings: Any, mask: Any
) -> Any:
  """Fixes the data set of a predictor; traceable.

  Args:
    model: the predictor of cells and data sets.
    params: parameters of one member.
    embeddings: `[C, P, D]`.
    mask: `[C, P]`.

  Returns:
    Parameters of `bound_model`.
  """
  state = model.apply(params, embeddings, mask, method="encode_dataset")
  inner = params["params"]["predictor"]
  return {"params": {"predictor": inner, "dataset": state}}
