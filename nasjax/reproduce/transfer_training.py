"""Trains predictors on all image sets of `mini201` but one, each in turn.

All held-out sets and seeds of a method are one program: what is held out is a
column of labels that is missing. Dimensions: `F` held-out sets, `s` seeds, `m`
training cells, `T` image sets.
"""

import dataclasses
import hashlib
import json
import pathlib
import time
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from nasjax import compiler, errors, files, progress
from nasjax import config as configs
from nasjax.benchmarks import base, mini201
from nasjax.experiments import provenance
from nasjax.features import inputs
from nasjax.predictors import dataset_predictor, fitting
from nasjax.reproduce import recipes, reports
from nasjax.systems.architecture import multitask
from nasjax.training import checkpoint, state

_CHECKPOINT_EVERY = 10


@dataclasses.dataclass(frozen=True)
class Problem:
  """What all methods share.

  Attributes:
    benchmark: `mini201`.
    names: its `T` image sets.
    labels: `[n, T]`, percent.
    embeddings: their images.
    held_out: columns that are held out in turn, `F` of them.
    rows: training cells of each seed, `[s, m]`.
  """

  benchmark: base.Benchmark
  names: tuple[str, ...]
  labels: np.ndarray
  embeddings: mini201.Embeddings
  held_out: tuple[int, ...]
  rows: np.ndarray

  def rest(self, seed: int) -> np.ndarray:
    """Cells that a seed does not train on, `[n - m]`."""
    return np.setdiff1d(np.arange(len(self.labels)), self.rows[seed])


def make_problem(options: reports.Options, size: int) -> Problem:
  """Loads `mini201` and draws the training cells of every seed.

  Raises:
    UserError: there are not so many cells.
  """
  benchmark, embeddings = mini201.load(), mini201.load_embeddings()
  names = embeddings.names
  labels = np.stack([benchmark.values(f"{n}/test") for n in names], axis=1)
  if size >= len(labels):
    raise errors.UserError(
      f"--sizes: expected fewer than the {len(labels)} cells of mini201, got "
      f"{size}"
    )
  setup = options.setup
  seeds = range(setup.seed, setup.seed + setup.num_seeds)
  rows = [
    np.random.default_rng(seed).permutation(len(labels))[:size]
    for seed in seeds
  ]
  held_out = [names.index(study.dataset) for study in options.studies]
  return Problem(
    benchmark, names, labels, embeddings, tuple(held_out), np.stack(rows)
  )


def make_config(
  options: reports.Options, method: str, size: int
) -> configs.Config:
  """Config of the predictor that sees images, one member, on either graph."""
  setup = options.setup
  config = configs.images_defaults()
  fields = {
    "num_train": size,
    "seed": setup.seed,
    "num_seeds": setup.num_seeds,
    "num_members": 1,
    "model.graph": method.split("_")[1],
  }
  configs.override(config, fields)
  return recipes.bounded(config, setup.max_steps)


def scores(
  options: reports.Options, problem: Problem, method: str, size: int
) -> tuple[np.ndarray, dict[str, Any]]:
  """Trains a method, or reads its scores where that is done.

  Returns:
    Scores `[F, s, n]`, and `seconds`, `commit` and `max_steps` of the training.
  """
  config = make_config(options, method, size)
  meta = _meta(config, problem, method)
  digest = hashlib.sha256(json.dumps(meta, sort_keys=True).encode()).hexdigest()
  folder = options.setup.workdir / "transfer" / f"{method}-{digest[:10]}"
  finished = folder / "scores.npz"
  if not finished.exists():
    began = time.monotonic()
    with files.hold(folder):
      found = _train(config, problem, method, meta, folder)
    facts = {
      "seconds": round(time.monotonic() - began, 1),
      "commit": provenance.commit(),
      "max_steps": _bound(options, config),
    }
    files.save_npz(finished, scores=found, facts=np.array(json.dumps(facts)))
  arrays = files.load_npz(finished)
  return arrays["scores"], json.loads(str(arrays["facts"]))


def _bound(options: reports.Options, config: configs.Config) -> int:
  """The bound on the training steps where it shortens the recipe, else 0."""
  whole = configs.images_defaults().epochs
  return options.setup.max_steps if config.epochs < whole else 0


def _meta(config: configs.Config, problem: Problem, method: str) -> dict:
  """What identifies a training, as JSON values."""
  digest = hashlib.sha256()
  for array in (
    problem.benchmark.genotypes,
    problem.labels,
    problem.embeddings.embeddings,
    problem.rows,
  ):
    digest.update(np.ascontiguousarray(array).tobytes())
  return {
    "config": json.loads(config.to_json()),
    "method": method,
    "model": repr(_model(config, method)),
    "held_out": [problem.names[column] for column in problem.held_out],
    "data": digest.hexdigest(),
  }


def _model(config: configs.Config, method: str) -> Any:
  return dataset_predictor.make_model(config, method.startswith("images"))


def _targets(problem: Problem) -> np.ndarray:
  """Targets `[F s, m, T]`; the held-out column is NaN."""
  folds = []
  for held_out in problem.held_out:
    known = multitask.normalize_within(problem.labels[problem.rows])
    known[..., held_out] = np.nan
    folds.append(known)
  return np.concatenate(folds)


def _train(
  config: configs.Config,
  problem: Problem,
  method: str,
  meta: dict,
  folder: pathlib.Path,
) -> np.ndarray:
  """Trains all held-out sets and seeds; resumes; returns `[F, s, n]`."""
  model = _model(config, method)
  sets = multitask.EmbeddedSets(
    jnp.asarray(problem.embeddings.embeddings),
    jnp.asarray(problem.embeddings.mask),
  )
  folds, seeds = len(problem.held_out), len(problem.rows)
  genotypes = problem.benchmark.genotypes
  keys = state.member_keys(config.seed, seeds, config.num_members)
  checkpoints = checkpoint.Checkpoints(folder / "state")
  with progress.Progress(method, config.epochs, unit="epochs") as bar:

    def on_epoch(epoch, train_state, measured):
      bar.update(1, f"loss {measured['loss'].mean():.4f}")
      if epoch % _CHECKPOINT_EVERY == 0:
        checkpoints.save(epoch, train_state, meta)

    trained = fitting.train(
      config,
      problem.benchmark.space,
      np.concatenate([genotypes[problem.rows]] * folds),
      _targets(problem),
      model=model,
      keys=jnp.concatenate([keys] * folds),
      resume=lambda fresh: checkpoints.restore(fresh, meta),
      on_start=bar.resume,
      on_epoch=on_epoch,
      **multitask.how(config, model, sets),
    )
  checkpoints.close()
  return _score(config, model, trained.params, problem, sets, seeds)


def _score(
  config: configs.Config,
  model: Any,
  params: Any,
  problem: Problem,
  sets: multitask.EmbeddedSets,
  seeds: int,
) -> np.ndarray:
  """Scores `[F, s, n]` of all cells on the first draw of held-out images."""
  genotypes = problem.benchmark.genotypes[None]
  cells = inputs.samples(
    problem.benchmark.space, genotypes, model.reads, prune=config.prune
  )
  cells = jax.tree.map(lambda leaf: leaf[0], cells)

  @compiler.jit
  def score(params, embeddings, mask):
    found = multitask.score_datasets(
      model, params, cells, embeddings[None], mask[None]
    )
    return found[0]

  scores = []
  for fold, held_out in enumerate(problem.held_out):
    images = sets.embeddings[held_out, 0], sets.mask[held_out, 0]
    for seed in range(seeds):
      row = fold * seeds + seed
      one = jax.tree.map(lambda leaf, row=row: leaf[row, 0], params)
      scores.append(np.asarray(score(one, *images)))
  return np.stack(scores).reshape(len(problem.held_out), seeds, -1)
