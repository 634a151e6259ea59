"""Operators that a user adds: saved predictors stay, and new ones know them."""

import json

import jax.numpy as jnp
import make_golden
import numpy as np
import pytest
import tiny

import nasjax
from nasjax import errors, operators
from nasjax.operators import encoding, table
from nasjax.spaces import nb201

STORED = json.loads(make_golden.SCORES.read_text())
CHECKED = (
  pytest.param("nb201", marks=pytest.mark.slow),
  *("nb201_student", "saved/architecture", "saved/pinat"),
)
NEW = tuple(
  operators.Operator(
    name, "conv", kernel=(size, size), stride=1, padding=size // 2, repeats=1
  )
  for name, size in (("conv_7x7", 7), ("conv_9x9", 9), ("conv_11x11", 11))
)


@pytest.fixture(autouse=True)
def _own_table(monkeypatch):
  """Whatever a test registers is gone after it."""
  monkeypatch.setattr(table, "_operators", list(table._operators))
  monkeypatch.setattr(table, "_ids", dict(table._ids))
  table.detail_table.cache_clear()
  yield
  table.detail_table.cache_clear()


class Wide(nb201.NB201):
  """NAS-Bench-201 whose 1x1 convolutions are 7x7 ones."""

  name = "wide"
  operator_names = tuple(
    "conv_7x7" if name == "conv_1x1" else name
    for name in nb201.NB201.operator_names
  )

  def encode(self, genotypes):
    cells = super().encode(genotypes)
    one = operators.operator_id("conv_1x1")
    wide = operators.operator_id("conv_7x7")
    return cells._replace(ops=jnp.where(cells.ops == one, wide, cells.ops))

  def functions(self):
    return None


@pytest.mark.parametrize("name", CHECKED)
def test_three_more_operators_change_no_saved_predictor(name):
  for operator in NEW:
    operators.register(operator)
  stored = np.array(STORED[name]["scores"])
  scores = make_golden.open_any(name).predict(STORED[name]["archs"])
  np.testing.assert_allclose(scores, stored, atol=1e-6 * np.abs(stored).max())


def test_columns_do_not_depend_on_the_order_of_registration():
  ids = [operators.register(operator) for operator in NEW[:2]]
  assert ids == [12, 13]
  ops = jnp.array([0, 5, 12, 13, encoding.HIDDEN])
  assert encoding.one_hot(ops).shape == (5, 12)
  rows = np.asarray(encoding.one_hot(ops, "conv_9x9"))
  assert rows.shape == (5, 13)
  np.testing.assert_array_equal(rows.sum(axis=1), [1, 1, 0, 1, 0])
  assert rows[3, 12] == 1


@pytest.mark.slow
def test_a_predictor_of_new_operators_is_loaded_in_another_order(
  tmp_path, monkeypatch, rng
):
  for operator in NEW:
    operators.register(operator)
  cells = Wide().sample(20, rng)
  labels = (cells == 2).sum(axis=1) + 0.1 * cells[:, 0]
  config = tiny.config(**{"epochs": 1, "model.functions": False})
  fitted = nasjax.Predictor(Wide(), config=config).fit(cells, labels)
  assert fitted.config.model.operators == "conv_7x7"
  embed = fitted.params["params"]["embed"]["kernel"]
  assert embed.shape[1] == 13 + operators.detail_table().shape[1] + 3
  fitted.save(tmp_path / "model")
  scores = fitted.predict(cells)
  monkeypatch.setattr(table, "_operators", list(table._BUILT_IN))
  ids = {op.name: place for place, op in enumerate(table._BUILT_IN)}
  monkeypatch.setattr(table, "_ids", ids)
  for operator in reversed(NEW):
    operators.register(operator)
  assert operators.operator_id("conv_7x7") == 14
  loaded = nasjax.Predictor.load(tmp_path / "model", space=Wide())
  np.testing.assert_allclose(loaded.predict(cells), scores, atol=1e-5)


def test_names_are_checked():
  operators.register(NEW[0])
  assert operators.register(NEW[0]) == operators.operator_id("conv_7x7")
  with pytest.raises(errors.UserError, match="expected a new name"):
    operators.register(operators.Operator("conv_7x7", "conv", (7, 7)))
  for name in ("", "a,b"):
    with pytest.raises(errors.UserError, match="a name without a comma"):
      operators.register(operators.Operator(name, "conv"))
  with pytest.raises(errors.UserError, match="conv_9x9"):
    encoding.one_hot(jnp.array([0]), "conv_9x9")


@pytest.mark.parametrize(
  ("fields", "message"),
  [
    ({"kind": "conv", "kernel": (3,)}, "a kernel of two whole numbers"),
    ({"kind": "conv", "kernel": "x"}, "a kernel of two whole numbers"),
    ({"kind": "conv", "stride": -1}, "whole numbers from 0"),
    ({"kind": "foo"}, "kind"),
    ({"kind": "pool", "pool": "sum"}, "pool"),
    ({"kind": "linear"}, "a hidden width above 0"),
    ({"kind": "conv"}, r"a kernel of at least \(1, 1\)"),
    ({"kind": "pool", "kernel": (3, 0), "pool": "max"}, "a kernel of at least"),
    ({"kind": "pool", "kernel": (3, 3)}, "pool='max' or pool='avg'"),
    ({"kind": "skip", "depthwise": "yes"}, "True or False as depthwise"),
    ({"kind": "input"}, "kind"),
  ],
)
def test_a_malformed_operator_is_refused(fields, message):
  with pytest.raises(errors.UserError, match=message):
    operators.register(operators.Operator("mine", **fields))
  assert len(operators.operators()) == operators.NUM_BUILT_IN


@pytest.mark.parametrize("operator", ["conv_7x7", None, 5])
def test_what_is_no_operator_is_refused(operator):
  with pytest.raises(errors.UserError, match="expected a nasjax"):
    operators.register(operator)
  with pytest.raises(errors.UserError, match="a name without a comma"):
    operators.register(operators.Operator(5, "conv"))
