"""Exported predictors: run without nasjax, equal to the predictor."""

import os
import subprocess
import sys

import numpy as np
import pytest
import tiny
from scoring_models import make_predictor

import nasjax
from nasjax import errors
from nasjax.predictors import exporting

RUN = """
import sys
import jax
import jax.export
import numpy as np

program, cells, out = sys.argv[1:]
with open(program, "rb") as file:
  program = jax.export.deserialize(bytearray(file.read()))
cells = np.load(cells)
parts = [program.call(cells[:size]) for size in (1, 7, len(cells))]
np.savez(out, *[np.asarray(part) for part in parts])
packages = {name.split(".")[0] for name in sys.modules}
assert not packages & {"nasjax", "flax"}
"""


@pytest.mark.slow
@pytest.mark.parametrize(
  ("space", "members"),
  [("nb201", 2), pytest.param("nb101", 1, marks=pytest.mark.slow)],
)
def test_a_program_without_nasjax_gives_equal_scores(
  space, members, tmp_path, rng
):
  model, space = make_predictor(space, members)
  cells = getattr(space, "sample_valid", space.sample)(200, rng)
  nasjax.export(model, tmp_path / "model.stablehlo")
  np.save(tmp_path / "cells.npy", cells)
  done = subprocess.run(
    [
      *(sys.executable, "-c", RUN, str(tmp_path / "model.stablehlo")),
      *(str(tmp_path / "cells.npy"), str(tmp_path / "scores.npz")),
    ],
    capture_output=True,
    text=True,
    timeout=300,
    cwd=tmp_path,
    env={**os.environ, "JAX_PLATFORMS": "cpu", "PYTHONPATH": ""},
  )
  assert done.returncode == 0, done.stderr
  expected = model.predict(cells)
  with np.load(tmp_path / "scores.npz") as parts:
    for scores in parts.values():
      np.testing.assert_allclose(scores, expected[: len(scores)], rtol=1e-6)


def test_a_program_that_disagrees_is_not_written(tmp_path, monkeypatch):
  model, _ = make_predictor(**tiny.LIGHT)
  program = exporting.to_program(model)
  fitted = model.fitted
  monkeypatch.setattr(exporting, "to_program", lambda model: program)
  fitted.shift[:] += 1
  with pytest.raises(RuntimeError, match="nothing was written"):
    nasjax.export(model, tmp_path / "model.stablehlo")
  assert not list(tmp_path.iterdir())


def test_mistakes_in_one_line(tmp_path, monkeypatch):
  with pytest.raises(errors.UserError, match="not trained"):
    nasjax.export(nasjax.Predictor("nb201"), tmp_path / "model")
  with pytest.raises(errors.UserError, match="no such file"):
    exporting.load(tmp_path / "model")
  (tmp_path / "model").write_bytes(b"hello")
  with pytest.raises(errors.UserError, match="no exported predictor"):
    exporting.load(tmp_path / "model")
  monkeypatch.setattr(exporting.importlib.util, "find_spec", lambda name: None)
  with pytest.raises(errors.UserError, match=r"nasjax\[export\]"):
    exporting.load(tmp_path / "model")


@pytest.mark.parametrize("model", [5, None, "nb201", nasjax.Predictor])
def test_what_is_no_predictor_is_not_exported(model, tmp_path):
  with pytest.raises(errors.UserError, match=r"expected a nasjax\.Predictor"):
    nasjax.export(model, tmp_path / "model.stablehlo")
  assert not list(tmp_path.iterdir())
