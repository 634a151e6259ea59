"""Tiny models and predictors for the tests of scoring."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import tiny

from nasjax import compiler
from nasjax.features import inputs, reads
from nasjax.predictors import dataset_predictor, predictor
from nasjax.spaces import registry as spaces
from nasjax.systems import registry

PLAIN = reads.Reads()
TINY = {
  "name": "architecture",
  "width": 16,
  "num_heads": 4,
  "num_layers": 1,
  "ffn_width": 16,
  "encoder_layers": 1,
  "predictor_layers": 1,
  "gcn_width": 16,
  "head_width": 16,
}


def pick(tree, index):
  """One entry of the leading axis of every leaf."""
  return jax.tree.map(lambda leaf: leaf[index], tree)


def cells_of(space, genotypes, what=PLAIN):
  """Pruned graphs with what a model reads, built by one program."""
  build = jax.jit(lambda rows: inputs.make(space, rows, what))
  return build(jnp.asarray(genotypes, jnp.int8))


def make(space_name="nb201", members=1, **fields):
  """Space, model, and parameters with a leading axis of members."""
  space = spaces.get_space(space_name)
  model = registry.create_model({**TINY, **fields})
  one = pick(
    cells_of(space, np.zeros((1, space.genotype_length)), model.reads), 0
  )
  keys = jax.random.split(jax.random.key(1), members)
  init = jax.jit(jax.vmap(lambda key: model.init(key, one)))
  return space, model, init(keys)


def one_by_one(space, model, params, genotypes):
  """Scores `[R, n]`, each by a program for one cell and one member."""
  cells = cells_of(space, genotypes, model.reads)
  apply_fn = jax.jit(model.apply, compiler_options=compiler.options())
  members = jax.tree.leaves(params)[0].shape[0]
  return np.array(
    [
      [apply_fn(pick(params, r), pick(cells, i)) for i in range(len(genotypes))]
      for r in range(members)
    ]
  )


def close(first, second, tolerance=1e-5):
  scale = np.abs(second).max()
  np.testing.assert_allclose(first / scale, second / scale, atol=tolerance)


def make_predictor(name="nb201", members=1, **fields):
  """A predictor with random parameters and some calibration."""
  config = tiny.config(space=name, num_members=members, **fields)
  space, _, params = make(name, members, **config.model.to_dict())
  scale = 2.0 + np.arange(members)
  fitted = predictor.Fitted(params, scale, 90.0 - np.arange(members))
  return predictor.Predictor.from_fitted(config, fitted, {}), space


def save_predictor(folder, name="nb201", **fields):
  """Saves such a predictor and returns the folder."""
  make_predictor(name, **fields)[0].save(folder)
  return folder


def make_dataset_predictor(sample=(5, 4, 6), name="nb201"):
  """One that sees images `[C, P, D]`, with random parameters."""
  config = tiny.config(space=name, num_members=2)
  model = dataset_predictor.DatasetPredictor(config)
  rng = np.random.default_rng(2)
  params = jax.tree.map(
    lambda leaf: rng.normal(size=leaf.shape).astype(np.float32) / 4,
    model._template(sample),
  )
  model._state = dataclasses.replace(model._state, params=params, sample=sample)
  return model
