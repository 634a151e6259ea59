"""Masked pre-training: what is hidden, what is learned, keys, and its start."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import tiny
from ml_collections import config_dict

from nasjax import config as configs
from nasjax import errors, graphs
from nasjax.features import inputs, reads
from nasjax.operators import encoding
from nasjax.predictors import fitting
from nasjax.spaces import registry as spaces
from nasjax.systems import registry as models
from nasjax.systems.baselines import pretrain
from nasjax.training import loop, state

SPACE = spaces.get_space("nb101")
SMALL = {
  "name": "gmae",
  "width": 16,
  "num_heads": 2,
  "num_layers": 2,
  "head_width": 8,
}
TINY = {**SMALL, "width": 4, "num_layers": 1}
TRANSFORMER = {
  "name": "tnasp",
  "width": 32,
  "num_heads": 2,
  "num_layers": 1,
  "ffn_width": 32,
  "head_width": 8,
  "dropout_rate": 0.0,
}


@functools.cache
def _cells(num):
  genotypes = SPACE.sample(num, np.random.default_rng(2))
  return tiny.cells(SPACE, genotypes)


def _config(**fields):
  return config_dict.ConfigDict(
    {
      "epochs": 3,
      "batch_size": 8,
      "learning_rate": 1e-2,
      "mask_rate": 0.75,
      **fields,
    }
  )


def _equal(first, second):
  jax.tree.map(np.testing.assert_array_equal, first, second)


@pytest.mark.parametrize(("rate", "expected"), [(0.75, [3, 2]), (1.0, [4, 2])])
def test_share_of_hidden_nodes(rate, expected):
  ops = jnp.array([[0, 4, 5, 6, 4, 1, 0], [0, 4, 5, 1, 0, 0, 0]])
  mask = jnp.array([[1.0, 1, 1, 1, 1, 1, 0], [1, 1, 1, 1, 0, 0, 0]])
  cells = graphs.CellGraphs(
    ops, jnp.ones((2, 7, 16)), jnp.zeros((2, 7, 7)), mask
  )
  for seed in range(5):
    keys = jax.random.split(jax.random.key(seed), 2)
    hidden = jax.vmap(lambda k, c: pretrain.draw_hidden(k, c, rate))(
      keys, cells
    )
    np.testing.assert_array_equal(hidden.sum(1), expected)
    assert not (hidden * ((ops < 2) | (mask == 0))).any()
  masked = jax.vmap(pretrain.hide)(cells, hidden)
  np.testing.assert_array_equal(masked.ops == encoding.HIDDEN, hidden > 0)
  np.testing.assert_array_equal(masked.details[..., 0], 1 - hidden)


def test_reconstruction_by_hand():
  logits = jnp.log(jnp.array([[0.25, 0.75], [0.5, 0.5], [0.9, 0.1]]))
  loss, accuracy = pretrain.reconstruction(
    logits, jnp.array([1, 0, 1]), jnp.array([1.0, 0, 1])
  )
  expected = -(np.log(0.75) + np.log(0.1)) / 2
  np.testing.assert_allclose(loss, expected, rtol=1e-6)
  assert float(accuracy) == 0.5
  empty = pretrain.reconstruction(logits, jnp.array([1, 0, 1]), jnp.zeros(3))
  assert [float(each) for each in empty] == [0.0, 0.0]


@pytest.mark.slow
@pytest.mark.parametrize(
  "fields", [SMALL, pytest.param(TRANSFORMER, marks=pytest.mark.slow)]
)
def test_any_encoder_learns_to_name_hidden_operations(fields):
  cells = _cells(16)
  model = models.create_model(fields)
  seen = []
  pretrain.pretrain(
    _config(epochs=80, mask_rate=0.4, learning_rate=1e-2),
    model,
    cells,
    state.member_keys(0, 1, 1),
    on_epoch=lambda epoch, _, found: seen.append(
      np.stack([found["loss"], found["accuracy"]])
    ),
  )
  assert seen[0].shape == (2, 1, 1, 2)
  loss, accuracy = np.stack(seen).mean(axis=(2, 3, 4)).T
  ops = np.asarray(cells.ops)[(np.asarray(cells.mask) > 0)]
  _, counts = np.unique(ops[ops > 1], return_counts=True)
  chance = counts.max() / counts.sum()
  assert loss[-20:].mean() < 0.8 * loss[:3].mean()
  assert accuracy[-20:].mean() > chance + 0.1


@pytest.mark.slow
def test_result_depends_on_the_seed_alone():
  cells, model = _cells(20), models.create_model(TINY)
  config = _config(learning_rate=1e-3)  # Adam enlarges rounding by its rate
  both = pretrain.pretrain(config, model, cells, state.member_keys(3, 2, 2))
  alone = pretrain.pretrain(config, model, cells, state.member_keys(4, 1, 2))
  jax.tree.map(
    lambda a, b: np.testing.assert_allclose(a[1], b[0], atol=1e-4), both, alone
  )
  embed = both["params"]["embed"]["kernel"]
  assert embed.shape[:2] == (2, 2)
  assert np.abs(embed[0, 0] - embed[0, 1]).max() > 0.01
  assert np.abs(embed[0, 0] - embed[1, 0]).max() > 0.01


@pytest.mark.slow
def test_training_starts_from_the_pretrained_parameters():
  config = tiny.config(space="nb101")
  configs.override(
    config,
    {
      **{f"model.{name}": value for name, value in TINY.items()},
      "model.freeze_encoder": True,
      "optimizer.name": "adam",
      "pretrain.num_cells": 16,
      "pretrain.epochs": 2,
    },
  )
  genotypes = SPACE.sample(20, np.random.default_rng(1))[None]
  cells = inputs.samples(SPACE, genotypes, reads.Reads())
  targets = np.random.default_rng(0).normal(size=(1, 20)).astype(np.float32)
  model = models.create_model(config.model)
  seen = {}

  def start(fresh):
    ready = pretrain.start_state(config, model, SPACE, fresh)
    seen["fresh"] = jax.device_get(fresh.params)["params"]
    seen["ready"] = jax.device_get(ready.params)["params"]
    return 0, ready

  keys = state.member_keys(0, 1, 1)
  trained = loop.fit(config, model, cells, targets, keys, start=start)
  params = jax.device_get(trained.params)["params"]
  assert seen["ready"].keys() == seen["fresh"].keys()
  gap = seen["ready"]["embed"]["kernel"] - seen["fresh"]["embed"]["kernel"]
  assert np.abs(gap).max() > 0.01
  for name in ("embed", "attentions_0", "norms_0"):
    _equal(params[name], seen["ready"][name])  # frozen
  gap = params["head_output"]["kernel"] - seen["ready"]["head_output"]["kernel"]
  assert np.abs(gap).max() > 1e-4


def test_no_cells_leave_the_state_as_it_is():
  config, fresh = configs.default(), object()
  assert fitting._first_state(config, None, SPACE, fresh) is fresh


def test_a_model_without_an_encoder_cannot_be_pretrained():
  config = configs.use_model(configs.default(), "mlp")
  config.pretrain.num_cells = 4
  model = models.create_model(config.model)
  with pytest.raises(errors.UserError, match="MLP has no encoder of nodes"):
    fitting._first_state(config, model, SPACE, object())


@pytest.mark.parametrize(
  ("name", "fields", "message"),
  [
    ("gmae", {"epochs": 0}, "pretrain.epochs: expected at least 1, got 0"),
    ("gmae", {"mask_rate": 1.5}, "mask_rate: expected a share"),
  ],
)
def test_bad_pretraining(name, fields, message):
  model = models.create_model(models.default_fields(name))
  with pytest.raises(errors.UserError, match=message):
    pretrain.pretrain(
      _config(**fields), model, _cells(16), state.member_keys(0, 1, 1)
    )
