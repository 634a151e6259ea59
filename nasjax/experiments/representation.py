"""One training of a representation: cells in, an embedder and embeddings out.

No label is read. Dimensions: `n` architectures, `G` integers of a genotype.
"""

import json
import pathlib
import time
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from nasjax import compiler, errors, files, progress, settings
from nasjax.experiments import metrics_log, provenance, workdirs
from nasjax.io import replacing
from nasjax.spaces import base as spaces_base
from nasjax.spaces import registry as spaces
from nasjax.systems.arch2vec import (
  drawing,
  embedder,
  embeddings,
  reconstruction,
  stored,
  training,
)
from nasjax.systems.arch2vec import model as models
from nasjax.training import checkpoint

EMBEDDINGS = "embeddings.npz"
_AT_ONCE = 65_536


def run(config: settings.Config, workdir: files.PathLike) -> dict[str, Any]:
  """Trains, measures the reconstruction, embeds; a second run resumes.

  Writes `config.json`, `metrics.jsonl`, `checkpoint/`, `embedder/` (what
  `nasjax.Embedder.load` reads), `embeddings.npz` and `summary.json`.

  Args:
    config: see `nasjax.config.representation`.
    workdir: folder of the run.

  Returns:
    What `summary.json` holds.

  Raises:
    UserError: bad config, another run in the workdir, full disk.
  """
  began = time.monotonic()
  folder = files.expand(workdir)
  space = spaces.get_space(config.space)
  workdirs.check(folder, config)
  _check_workdir(folder)
  genotypes = cells_of(space, config)
  with (
    files.hold(folder / "checkpoint"),
    errors.resuming(lambda: _kept(folder / "checkpoint" / "state")),
  ):
    found, right = train(config, space, genotypes, folder)
    summary = _summary(config, genotypes, found, right)
    summary["train_seconds"] = round(time.monotonic() - began, 2)
    made = embedder.Embedder(
      space, found.model, found.variables, found.prior, summary
    )
    made.save(folder / stored.FOLDER)
    with progress.phase("embedding the cells"):
      values = made.embed(genotypes)
    embeddings.save(
      folder / EMBEDDINGS, embeddings.Embeddings(genotypes, values, summary)
    )
    files.write_json(folder / "summary.json", summary)
  return summary


def report(summary: dict[str, Any], workdir: files.PathLike) -> list[str]:
  """Returns what a user is told of a training, line by line."""
  return [
    f"space        {summary['space']}, {summary['num_cells']} cells",
    f"right        {summary['reconstruction_graphs']:.3f} % of the cells, "
    f"{summary['reconstruction_entries']:.3f} % of nodes and pairs of nodes",
    f"time         {summary['train_seconds']:.0f} s to train",
    f"written to   {workdir} (embeddings.npz, embedder)",
    f"embed        nasjax.Embedder.load({str(workdir)!r}).embed(archs)",
  ]


def cells_of(
  space: spaces_base.Space, config: settings.Config
) -> spaces_base.Genotypes:
  """Architectures to train on: all of the space, or a sample, `[n, G]`.

  Raises:
    UserError: the space cannot be enumerated, and no number is given.
  """
  rng = np.random.default_rng(config.seed)
  if space.size is None:
    if not config.num_cells:
      raise errors.UserError(
        f"config.num_cells: expected a number of cells of {space.name!r}, "
        "which cannot be enumerated, got 0; give --config.num_cells=100000"
      )
    return space.sample(config.num_cells, rng)
  with progress.phase(f"enumerating {space.name}"):
    genotypes = np.asarray(space.enumerate())
  if not 0 < config.num_cells < len(genotypes):
    return genotypes
  rows = rng.choice(len(genotypes), config.num_cells, replace=False)
  return genotypes[np.sort(rows)]


def draw(
  space: spaces_base.Space, genotypes: spaces_base.Genotypes
) -> drawing.Drawn:
  """Draws the cells of architectures `[n, G]` for a training."""
  program = compiler.jit(lambda rows: drawing.draw(space, rows))
  parts = [
    program(jnp.asarray(genotypes[start : start + _AT_ONCE]))
    for start in range(0, len(genotypes), _AT_ONCE)
  ]
  return jax.tree.map(lambda *each: jnp.concatenate(each), *parts)


class Trained(NamedTuple):
  """What a training leaves; the parts of an `Embedder`.

  Attributes:
    model: the autoencoder.
    variables: its parameters and batch statistics.
    prior: see `Embedder.prior`.
  """

  model: models.Arch2Vec
  variables: Any
  prior: np.ndarray


def train(
  config: settings.Config,
  space: spaces_base.Space,
  genotypes: spaces_base.Genotypes,
  folder: pathlib.Path | None = None,
) -> tuple[Trained, reconstruction.Right]:
  """Trains the autoencoder, and measures it on the same cells.

  Args:
    config: see `nasjax.config.representation`.
    space: the space.
    genotypes: its architectures `[n, G]`.
    folder: workdir of checkpoints; none are kept where None.
  """
  cells = draw(space, genotypes)
  model = training.make_model(config, drawing.classes_of(space).num)
  hooks = {} if folder is None else _hooks(config, space, folder, genotypes)
  bar = progress.Progress(
    "training",
    training.make_plan(config, cells.classes.shape[0]).rounds,
    unit="rounds",
    first="compiling, no time left known yet",
  )
  with bar:
    state = _fit(config, model, cells, bar, hooks)
  with progress.phase("measuring the reconstruction"):
    right = reconstruction.measure(model, state.variables, cells)
    prior = reconstruction.spread(model, state.variables, cells)
  return Trained(model, state.variables, prior), right


def _fit(config, model, cells, bar, hooks) -> training.State:
  def on_round(done, state, measured):
    means = {name: float(each.mean()) for name, each in measured.items()}
    if hooks:
      hooks["on_round"](done, state, means)
    bar.update(1, ", ".join(f"{k} {means[k]:.4f}" for k in training.LOSSES))

  def resume(state):
    found = hooks["resume"](state) if hooks else None
    bar.resume(found[0] if found else 0)
    return found

  state = training.fit(config, model, cells, resume=resume, on_round=on_round)
  if hooks:
    hooks["close"]()
  return state


def _hooks(config, space, folder: pathlib.Path, genotypes) -> dict[str, Any]:
  """What a training in a workdir does at its start and after each round."""
  meta = {
    "config": json.loads(config.to_json()),
    "cells": len(genotypes),
  }
  plan = training.make_plan(config, len(genotypes) * space.num_cells)
  checkpoints = checkpoint.Checkpoints(folder / "checkpoint" / "state")
  log = metrics_log.MetricsLog(folder / "metrics.jsonl")

  def resume(state):
    found = checkpoints.restore(state, meta)
    workdirs.write(folder, config)
    log.keep_until(found[0] / plan.per_epoch if found else 0)
    return found

  def on_round(done, state, means):
    numbers = {name: round(mean, 6) for name, mean in means.items()}
    log.write({"epoch": done / plan.per_epoch, **numbers})
    if done % config.checkpoint_every == 0 or done == plan.rounds:
      checkpoints.save(done, state, meta)

  return {"resume": resume, "on_round": on_round, "close": checkpoints.close}


def _summary(config, genotypes, found: Trained, right) -> dict[str, Any]:
  leaves = jax.tree.leaves(found.variables["params"])
  percent = {
    f"reconstruction_{name}": round(100 * value, 4)
    for name, value in right._asdict().items()
  }
  return {
    "space": config.space,
    "method": config.model.name,
    "encoder": config.model.encoder,
    "decoder": config.model.decoder,
    "num_cells": len(genotypes),
    "epochs": config.epochs,
    "seed": config.seed,
    **percent,
    "num_params": sum(leaf.size for leaf in leaves),
    **provenance.of_run(),
  }


def _kept(folder: pathlib.Path) -> str:
  rounds = [int(each.name) for each in folder.glob("*") if each.name.isdigit()]
  if not rounds:
    return "no checkpoint was written yet"
  return f"the same command goes on after round {max(rounds)}"


def _check_workdir(folder: pathlib.Path) -> None:
  """Refuses a folder whose files a training would write over."""
  has_json, has_arrays = replacing.has_json, replacing.has_arrays
  for name, former in (
    ("config.json", has_json("space", "model")),
    ("metrics.jsonl", replacing.has_json_lines("epoch", "loss")),
    (EMBEDDINGS, has_arrays("genotypes", "embeddings", "card")),
    ("summary.json", has_json("space", "method", "epochs")),
  ):
    replacing.check_file(folder / name, former, "a result of a training")
  stored.check_target(folder / stored.FOLDER)
