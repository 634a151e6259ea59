"""How programs are compiled: products of float32 numbers are float32 ones."""

import pathlib
import re

import jax
import jax.numpy as jnp
import pytest

import nasjax
from nasjax import compiler
from nasjax import config as configs
from nasjax.features import inputs
from nasjax.scoring import compiled
from nasjax.spaces import registry as spaces
from nasjax.systems import registry
from nasjax.training import loop, losses, optimizers, state

SOURCE = pathlib.Path(nasjax.__file__).parent


@pytest.fixture(autouse=True)
def _device_default():
  """As a user has it; the tests' own setting would hide what is missing."""
  with jax.default_matmul_precision("default"):
    yield


def products(program, *args) -> list[str]:
  """The precision of every product in a program that `jax.jit` returned."""
  text = program.lower(*args).as_text()
  lines = re.findall(r"stablehlo\.(?:dot_general|convolution).*", text)
  return ["HIGHEST" if "HIGHEST" in line else line for line in lines]


def test_products_of_a_program(rng):
  x = jnp.asarray(rng.normal(size=(4, 4)), jnp.float32)
  assert "HIGHEST" not in products(jax.jit(jnp.matmul), x, x)
  assert products(compiler.jit(jnp.matmul), x, x) == ["HIGHEST"]
  gradient = compiler.jit(jax.grad(lambda x: jnp.sum((x @ x.T) ** 2)))
  assert set(products(gradient, x)) == {"HIGHEST"}


def test_keywords_of_jit():
  doubled = compiler.jit(lambda x, n: x * n, quick=True, static_argnums=1)
  assert doubled(jnp.ones(()), 3) == 3


@pytest.mark.parametrize("space", ["nb101", "nb201", "darts"])
def test_a_space_is_scored_in_float32(space, rng):
  model = nasjax.Predictor.pretrained(space)
  score_fn = compiled.make_score_fn(model.model, model.space, True)
  cells = jnp.asarray(model.space.sample(2, rng))[None, None]
  found = products(score_fn, model.fitted.params, cells, jnp.ones(1, jnp.int32))
  assert len(found) > 10
  assert set(found) == {"HIGHEST"}


@pytest.mark.slow
def test_a_predictor_is_trained_in_float32(rng):
  space = spaces.get_space("nb201")
  config = configs.space_defaults("nb201")
  config.batch_size = 2
  model = registry.create_model(config.model)
  cells = inputs.samples(space, space.sample(4, rng)[None], model.reads)
  plan = loop.make_plan(config, 4)
  optimizer = optimizers.create_optimizer(config.optimizer, plan.num_steps)
  objective = loop.score_objective(model, losses.get_loss(config.loss))
  keys = state.member_keys(0, 1, 1)
  start = loop.create_state(model, optimizer, cells, keys)
  epoch = loop.make_epoch(objective, optimizer, plan)
  found = products(epoch, start, cells, jnp.zeros((1, 4)))
  assert len(found) > 10
  assert set(found) == {"HIGHEST"}


def test_no_program_is_compiled_otherwise():
  """Draws, and encoders whose every product names its precision, are."""
  allowed = {
    "compiler/__init__.py",
    "predictors/exporting.py",
    "images/encoders/encode.py",
    "networks/layers.py",
  }
  using = {
    str(path.relative_to(SOURCE))
    for path in SOURCE.rglob("*.py")
    if re.search(r"\bjax\.jit\b", path.read_text())
  }
  assert using == allowed
