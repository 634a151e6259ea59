"""The loop: seeds are independent, resumes are exact, divergence stops."""

import jax
import numpy as np
import pytest
import tiny

from nasjax import errors
from nasjax.features import inputs
from nasjax.spaces import registry as spaces
from nasjax.systems import registry as models
from nasjax.training import checkpoint, loop, state

SPACE = spaces.get_space("nb201")


def _data(config, seeds=2, num=20):
  rng = np.random.default_rng(1)
  genotypes = SPACE.sample(seeds * num, rng).reshape(seeds, num, -1)
  targets = (genotypes == 3).sum(-1) - (genotypes == 0).sum(-1)
  cells = inputs.samples(
    SPACE, genotypes, models.create_model(config.model).reads
  )
  return cells, targets.astype(np.float32)


def _fit(config, cells, targets, keys, **hooks):
  model = models.create_model(config.model)
  return loop.fit(config, model, cells, targets, keys, **hooks)


def _assert_equal(first, second):
  def check(a, b):
    if jax.dtypes.issubdtype(a.dtype, jax.dtypes.prng_key):
      a, b = jax.random.key_data(a), jax.random.key_data(b)
    np.testing.assert_array_equal(a, b)

  jax.tree.map(check, first, second)


def test_loss_falls_and_has_one_value_per_batch():
  config = tiny.config(epochs=30, **tiny.LIGHT)
  cells, targets = _data(config)
  seen = []
  _fit(
    config,
    cells,
    targets,
    state.member_keys(0, 2, 1),
    on_epoch=lambda epoch, _, found: seen.append((epoch, found["loss"])),
  )
  assert [epoch for epoch, _ in seen] == list(range(1, 31))
  assert seen[0][1].shape == (2, 1, 3)  # 20 cells in batches of 8
  assert seen[-1][1].mean() < 0.8 * seen[0][1].mean()


def test_one_compilation_for_all_epochs():
  config = tiny.config(**tiny.LIGHT)
  cells, targets = _data(config)
  plan = loop.make_plan(config, 20)
  model = models.create_model(config.model)
  optimizer = loop.optimizers.create_optimizer(config.optimizer, plan.num_steps)
  loss_fn = loop.losses.get_loss(config.loss)
  epoch_fn = loop.make_epoch(
    loop.score_objective(model, loss_fn), optimizer, plan
  )
  keys = state.member_keys(0, 2, 1)
  current = loop.create_state(model, optimizer, cells, keys)
  for _ in range(3):
    current, _ = epoch_fn(current, cells, jax.numpy.asarray(targets))
  assert epoch_fn._cache_size() == 1
  np.testing.assert_array_equal(current.step, [[9], [9]])


def test_members_differ_and_seeds_do_not_depend_on_each_other():
  config = tiny.config(**tiny.LIGHT)
  cells, targets = _data(config)
  losses = {}

  def keep(name):
    kept = losses.setdefault(name, [])
    return lambda epoch, _, measured: kept.append(measured["loss"])

  keys = state.member_keys(5, 2, 2)
  _fit(config, cells, targets, keys, on_epoch=keep("both"))
  second = jax.tree.map(lambda field: field[1:], cells)
  keys = state.member_keys(6, 1, 2)
  _fit(config, second, targets[1:], keys, on_epoch=keep("alone"))
  both, alone = np.stack(losses["both"]), np.stack(losses["alone"])
  np.testing.assert_allclose(both[:, 1], alone[:, 0], rtol=1e-3)
  assert not np.allclose(both[:, 0, 0], both[:, 0, 1])


def test_resume_equals_uninterrupted_bit_for_bit(tmp_path):
  config = tiny.config(epochs=4, **tiny.LIGHT)
  config.model.dropout_rate = 0.3
  cells, targets = _data(config)
  keys = state.member_keys(0, 2, 1)
  whole = _fit(config, cells, targets, keys)

  class Killed(Exception):
    pass

  checkpoints = checkpoint.Checkpoints(tmp_path / "state")

  def save_and_die(epoch, train_state, _):
    checkpoints.save(epoch, train_state, {})
    if epoch == 2:
      raise Killed

  with pytest.raises(Killed):
    _fit(config, cells, targets, keys, on_epoch=save_and_die)
  checkpoints.close()
  again = checkpoint.Checkpoints(tmp_path / "state")
  starts = []

  def start(fresh):
    done, current = again.restore(fresh, {})
    starts.append(done)
    return done, current

  resumed = _fit(config, cells, targets, keys, start=start)
  again.close()
  assert starts == [2]
  _assert_equal(whole, resumed)


def test_divergence_names_the_step():
  config = tiny.config(loss="mse", **tiny.LIGHT)
  config.optimizer.learning_rate = 1e30
  config.optimizer.clip_norm = 0.0
  config.optimizer.warmup_rate = 0.0
  cells, targets = _data(config)
  with pytest.raises(errors.UserError, match=r"loss is (nan|inf) at step \d+"):
    _fit(config, cells, targets, state.member_keys(0, 2, 1))


@pytest.mark.parametrize("field", ["epochs", "batch_size"])
def test_sizes_must_be_positive(field):
  with pytest.raises(errors.UserError, match=f"config.{field}: expected at"):
    loop.make_plan(tiny.config(**{field: 0}), 10)


@pytest.mark.parametrize(
  ("max_steps", "epochs"), [(0, 50), (10_000, 50), (100, 33), (2, 1)]
)
def test_max_steps_lowers_the_epochs_but_leaves_one(max_steps, epochs):
  config = tiny.config(epochs=50, max_steps=max_steps)
  assert loop.make_plan(config, 20).epochs == epochs  # three batches each


def test_negative_max_steps_is_refused():
  with pytest.raises(errors.UserError, match=r"config\.max_steps.*got -1"):
    loop.make_plan(tiny.config(max_steps=-1), 20)


def test_training_stops_at_max_steps():
  config = tiny.config(epochs=50, max_steps=6, **tiny.LIGHT)
  cells, targets = _data(config)
  seen = []
  last = _fit(
    config,
    cells,
    targets,
    state.member_keys(0, 2, 1),
    on_epoch=lambda epoch, *_: seen.append(epoch),
  )
  assert seen == [1, 2]
  np.testing.assert_array_equal(last.step, [[6], [6]])


def test_plan_drops_or_pads_the_last_batch():
  kept = loop.make_plan(tiny.config(drop_last=False), 20)
  dropped = loop.make_plan(tiny.config(drop_last=True), 20)
  assert (kept.num_batches, dropped.num_batches) == (3, 2)
  rows, where = loop._epoch_batches(jax.random.key(0), kept)
  real = np.asarray(rows)[np.asarray(where) > 0]
  np.testing.assert_array_equal(np.sort(real), np.arange(20))
