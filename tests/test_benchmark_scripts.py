"""The scripts in benchmark/: operations are counted right, and they run."""

import json
import pathlib
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

ROOT = pathlib.Path(__file__).parent.parent
FIELDS = {
  *("space", "model", "archs_per_second", "fraction_of_gemm", "gemm_gflops"),
  *("mflop_per_arch", "compile_seconds", "peak_memory_mb", "device"),
}


@pytest.fixture
def flops(monkeypatch):
  monkeypatch.syspath_prepend(str(ROOT / "benchmark"))
  import flops

  return flops


def test_operations_of_a_perceptron(flops):
  from scoring_models import cells_of, pick

  from nasjax.spaces import registry as spaces
  from nasjax.systems import registry

  space = spaces.get_space("nb201")
  model = registry.create_model({"name": "mlp", "width": 7, "num_layers": 2})
  cell = pick(cells_of(space, np.zeros((1, 6))), 0)
  params = jax.eval_shape(model.init, jax.random.key(0), cell)
  params = jax.tree.map(
    lambda leaf: jax.ShapeDtypeStruct((1, *leaf.shape), leaf.dtype), params
  )
  inputs = params["params"]["hidden_0"]["kernel"].shape[1]
  nodes, operators = cell.ops.shape[0], (inputs - 64) // 8
  # Products; biases; the mask of the one-hot operators; two ReLU.
  expected = 2 * (inputs * 7 + 7 * 7 + 7 * 1)
  expected += 7 + 7 + 1 + nodes * operators + 7 + 7
  assert flops.per_architecture(model, params, space, True) == expected


def test_a_loop_counts_every_round(flops):
  def work(x):
    return jax.lax.scan(lambda c, _: (c @ c, None), x, length=5)[0]

  jaxpr = jax.make_jaxpr(work)(jnp.ones((3, 3))).jaxpr
  assert flops._count(jaxpr) == 5 * 2 * 27


def run(*words):
  return subprocess.run(
    [sys.executable, *words],
    capture_output=True,
    text=True,
    timeout=300,
    cwd=ROOT,
  )


@pytest.mark.slow
def test_a_device_agrees_with_the_cpu(tmp_path):
  out = tmp_path / "out.json"
  done = run(
    *("benchmark/agreement.py", "--predictors", "nb201_student"),
    *("--num", "32", "--out", str(out)),
  )
  assert done.returncode == 0, done.stderr
  (found,) = json.loads(out.read_text())["predictors"]
  assert found["features"] < 1e-4
  assert found["scores"] < 1e-3
  assert found["tau"] > 0.99


def test_a_difference_from_the_cpu_shows(monkeypatch):
  monkeypatch.syspath_prepend(str(ROOT / "benchmark"))
  import agreement

  there = agreement.compute("nb201_student", 16)
  same = agreement.compare("nb201_student", 16, there)
  assert (same["scores"], same["features"]) == (0, 0)
  assert same["tau"] == pytest.approx(1)
  other = {**there, "scores": -there["scores"]}
  assert agreement.compare("nb201_student", 16, other)["tau"] < 0


def test_score_writes_its_figures(tmp_path):
  out = tmp_path / "out.json"
  done = run(
    *("benchmark/score.py", "--model", "student", "--num", "64"),
    *("--repeats", "1", "--out", str(out)),
  )
  assert done.returncode == 0, done.stderr
  found = json.loads(out.read_text())
  assert set(found) >= FIELDS
  assert found["num_archs"] == 64
  assert 0 < found["num_distinct"] <= 64
  assert found["archs_per_second"] > 0


@pytest.mark.parametrize(
  "name",
  ["train_step", "load", "enumerate", "scale", "computation", "arch2vec"],
)
def test_scripts_explain_themselves(name):
  done = run(f"benchmark/{name}.py", "--help")
  assert done.returncode == 0, done.stderr
  assert "--out" in done.stdout
