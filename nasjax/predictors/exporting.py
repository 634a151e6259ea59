"""A trained predictor as one file that needs jax and numpy alone."""

import functools
import importlib.util
import pathlib
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import export as jax_export

from nasjax import compiler, errors, files, foreign
from nasjax.io import replacing
from nasjax.predictors import predictor, priors
from nasjax.scoring import compiled, precisions

PLATFORMS = ("cpu", "cuda", "rocm", "tpu")
_CHECKED = (1, 67)
_TOLERANCE = 1e-5


def export(model: predictor.Predictor, path: files.PathLike) -> None:
  """Writes a predictor as StableHLO, through `jax.export`.

  The program maps genotypes `[b, G]` int8, for any b of at least 1, to scores
  `[b]` float32: graphs are built, every member is run, and their calibrated
  mean is returned, in the label's unit. Genotypes are those of the space
  (`space.parse`); the program does not check them, and JAX refuses a batch of
  none. To run it, without nasjax:

    import pathlib
    import jax
    import numpy as np

    data = pathlib.Path("predictor.stablehlo").read_bytes()
    program = jax.export.deserialize(bytearray(data))
    scores = program.call(np.zeros((3, 6), np.int8))

  It runs on CPU, CUDA, ROCm and TPU. The format is that of `jax.export`, which
  later versions of JAX read for at least six months; JAX itself needs the
  package `flatbuffers` (`nasjax[export]`) to write and to read it.

  Args:
    model: a predictor that was fitted or loaded.
    path: the file, written in one step.

  Raises:
    UserError: that is no predictor or one that is not trained, `flatbuffers` is
      missing, the file cannot be written, or a file that is no exported program
      has its name.
  """
  if not isinstance(model, predictor.Predictor):
    raise errors.UserError(
      "export: expected a nasjax.Predictor that was fitted or loaded, got "
      f"{errors.quote(model)}"
    )
  _need_flatbuffers()
  replacing.check_file(path, _is_program, "an exported predictor")
  program = to_program(model)
  _check(program, model)
  data = program.serialize()
  files.write_atomic(path, lambda file: file.write(data))


def _is_program(path: pathlib.Path) -> bool:
  """Tells an exported program: `jax.export` reads it."""
  jax_export.deserialize(bytearray(path.read_bytes()))
  return True


def _need_flatbuffers() -> None:
  if importlib.util.find_spec("flatbuffers") is None:
    raise errors.UserError(
      "an exported predictor needs the package flatbuffers: run "
      "pip install 'nasjax[export]'"
    )


@compiler.own_numbers()
def to_program(model: predictor.Predictor) -> jax_export.Exported:
  """Returns the exported program of a predictor; see `export`."""
  fitted, space = model.fitted, model.space
  if priors.is_there(fitted.params):
    raise errors.UserError(
      "export: expected a predictor without a prior, got one with "
      f"config.prior={model.config.prior!r}, which scores untrained networks "
      "on the host; fit without it"
    )
  params = jax.tree.map(np.asarray, fitted.params)
  _check_unit(fitted)
  scale = np.asarray(fitted.scale, np.float32)
  shift = np.asarray(fitted.shift, np.float32)
  raw_fn = functools.partial(
    compiled.score_members,
    model.model,
    space,
    model.config.prune,
    precisions.DEFAULT,
  )

  def score(genotypes: jax.Array) -> jax.Array:
    raw = raw_fn(jax.tree.map(jnp.asarray, params), _at_least_two(genotypes))
    calibrated = raw * scale[:, None] + shift[:, None]
    return jnp.mean(calibrated, axis=0)[: genotypes.shape[0]]

  (batch,) = jax_export.symbolic_shape("b", constraints=("b >= 1",))
  shape = jax.ShapeDtypeStruct((batch, space.genotype_length), jnp.int8)
  scorer = jax.jit(compiler.float32(score))
  return jax_export.export(scorer, platforms=PLATFORMS)(shape)


def _check_unit(fitted: predictor.Fitted) -> None:
  """Checks that scores in the label's unit are float32 numbers.

  Raises:
    UserError: they would be infinite, zero, or rounded until they are equal.
  """
  scale, shift = float(fitted.scale.max()), float(np.abs(fitted.shift).max())
  if not (1e-30 < scale < 1e30 and shift < 1e30 and scale > 1e-6 * shift):
    raise errors.UserError(
      "an exported program gives scores as float32: expected labels from 1e-30 "
      f"to 1e30 in size and not all but equal, got scores of {shift:g} +- "
      f"{scale:g}; fit with labels in another unit"
    )


def _at_least_two(genotypes: jax.Array) -> jax.Array:
  """Repeats the last row once, `[b + 1, G]`.

  Whoever runs the program compiles it with options of his own, and XLA's fused
  products on the CPU misread axes of size one (see `nasjax.compiler`).
  """
  return jnp.concatenate([genotypes, genotypes[-1:]])


@compiler.own_numbers()
def _check(program: jax_export.Exported, model: predictor.Predictor) -> None:
  """Compares the program with the predictor on random cells of every size.

  Raises:
    RuntimeError: they disagree: a defect of nasjax or of XLA, and no file must
      be written.
  """
  rng = np.random.default_rng(0)
  sample = getattr(model.space, "sample_valid", model.space.sample)
  genotypes = sample(max(_CHECKED), rng)
  expected = model.predict(genotypes)
  spread = max(float(np.ptp(expected)), 1e-6)
  for size in _CHECKED:
    scores = np.asarray(program.call(genotypes[:size]))
    error = np.abs(scores - expected[:size]).max() / spread
    bound = _TOLERANCE + 1e-6 * np.abs(expected).max() / spread
    if not error <= bound:
      raise RuntimeError(
        f"the exported program differs from the predictor by {error:.1e} of "
        f"the scores' range for {size} architectures: nothing was written"
      )


def load(path: files.PathLike) -> Any:
  """Reads what `export` wrote; `load(path).call(genotypes)` scores.

  Raises:
    UserError: the file is missing or is no exported program, or `flatbuffers`
      is missing.
  """
  _need_flatbuffers()
  path = files.expand(path)
  foreign.check_regular(path)
  try:
    with open(path, "rb") as file:
      return jax_export.deserialize(bytearray(file.read()))
  except FileNotFoundError as error:
    raise errors.UserError(
      f"no such file: {errors.quote(str(path))}"
    ) from error
  except Exception as error:
    raise errors.UserError(
      f"{errors.quote(str(path))} is no exported predictor "
      f"({str(error).splitlines()[0][:120]}): export it again"
    ) from error
