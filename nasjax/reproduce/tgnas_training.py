"""TG-NAS trained on NAS-Bench-101, and its scores of cells of other spaces.

A training is kept in the workdir with its scores: the same command reads it.
"""

import hashlib
import json
import sys
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from nasjax import config as configs
from nasjax import files
from nasjax.benchmarks import base as benchmarks_base
from nasjax.benchmarks import registry
from nasjax.experiments import provenance
from nasjax.predictors import fitting
from nasjax.predictors import predictor as predictors
from nasjax.reproduce import catalog, reports, runner

SOURCE = catalog.Study(
  "nb101", "nb101", "cifar10", "test", "test", (5000, 50_000), 400_000
)
"""Cells and labels of the training."""
HELD_OUT = 20_000
"""Cells of NAS-Bench-101 that are tested on and never trained on."""
SENTENCES: dict[str, dict[str, Any]] = {
  "short": {},
  "medium": {"model.sentence": "medium"},
  "long": {"model.sentence": "long"},
  "short, 64 principal components": {"model.encoder": "minilm_pca64"},
}
"""What the operators are read as, and the fields that say so."""
BOTH = ", both cells"
"""Behind a variant: DARTS by both cells, not by the normal one alone."""

_SMALL = 5000

Scores = dict[str, np.ndarray]


def num_seeds(asked: int | None, size: int) -> int:
  """Seeds of a training size: those asked for, else 3 up to 5,000 cells."""
  return asked or (3 if size <= _SMALL else 1)


def variants(size: int) -> tuple[str, ...]:
  """Names of `SENTENCES` at a size: all up to 5,000 cells, then the first."""
  return tuple(SENTENCES)[: None if size <= _SMALL else 1]


def draw(
  source: benchmarks_base.Benchmark, size: int, first: int, num: int
) -> tuple[np.ndarray, np.ndarray]:
  """Rows to train on `[S, size]`, and rows to test on `[HELD_OUT]`.

  Args:
    source: the benchmark of the training.
    size: number of training cells.
    first: first seed.
    num: number of seeds `S`.
  """
  order = np.random.default_rng(0).permutation(len(source))
  num_test = min(HELD_OUT, len(source) // 5)
  pool, test = order[num_test:], order[:num_test]
  rows = [
    np.random.default_rng(seed).permutation(pool)[:size]
    for seed in range(first, first + num)
  ]
  return np.stack(rows), np.sort(test)


def measure(
  options: reports.Options, method: str, variant: str, size: int
) -> tuple[Scores, dict[str, Any]]:
  """Trains a method on NAS-Bench-101 and scores every study.

  Args:
    options: of the report.
    method: `tgnas_code` or `tgnas_paper`.
    variant: a name of `SENTENCES`.
    size: number of training cells.

  Returns:
    Scores `[S, n]` by benchmark (`darts545, both cells` for both cells), and
    facts of the training: seconds of the processor, commit, bound on the
    steps.
  """
  setup = options.setup
  config = runner.make_config(setup, SOURCE, method, size, SENTENCES[variant])
  config.num_seeds = num_seeds(options.num_seeds, size)
  source = registry.get_benchmark("nb101", setup.data_dir)
  names = list(dict.fromkeys(study.benchmark for study in options.studies))
  key = json.dumps([json.loads(config.to_json()), names, _digest(source)])
  digest = hashlib.sha256(key.encode()).hexdigest()[:10]
  path = setup.workdir / "tgnas" / f"{method}-{size}-{digest}.npz"
  if not path.exists():
    print(f"nb101 {method} {variant} {size}", file=sys.stderr)
    began = time.process_time()
    found = _train_and_score(config, source, names, setup.data_dir)
    facts = {
      "seconds": round(time.process_time() - began, 1),
      "commit": provenance.commit(),
    }
    files.save_npz(path, **found, facts=np.array(json.dumps(facts)))
  arrays = files.load_npz(path)
  facts = json.loads(str(arrays.pop("facts")))
  whole = setup.recipe(method, SOURCE.space, size).epochs
  bound = setup.max_steps if config.epochs < whole else 0
  return arrays, {**facts, "max_steps": bound}


def _digest(source: benchmarks_base.Benchmark) -> str:
  labels = np.ascontiguousarray(source.values("cifar10/test"))
  return hashlib.sha256(labels.tobytes()).hexdigest()


def _train_and_score(
  config: configs.Config,
  source: benchmarks_base.Benchmark,
  names: list[str],
  data_dir: str | None,
) -> Scores:
  rows, test = draw(source, config.num_train, config.seed, config.num_seeds)
  labels = source.values("cifar10/test")
  fitted = fitting.fit_members(
    config, source.space, source.genotypes[rows], labels[rows], shown=True
  )
  found: dict[str, list[np.ndarray]] = {}
  for members in fitted:
    model = predictors.Predictor.from_fitted(config, members, {})
    found.setdefault("nb101", []).append(model.predict(source.genotypes[test]))
    for name in names:
      benchmark = registry.get_benchmark(name, data_dir)
      for variant, fields in _readings(benchmark).items():
        scores = _transferred(config, members, benchmark, fields)
        found.setdefault(name + variant, []).append(scores)
  return {name: np.stack(scores) for name, scores in found.items()}


def _readings(
  benchmark: benchmarks_base.Benchmark,
) -> Mapping[str, dict[str, Any]]:
  """Ways to read a cell: DARTS has two of them in an architecture."""
  if benchmark.space.num_cells == 1:
    return {"": {}}
  return {"": {}, BOTH: {"model.cells": "all"}}


def _transferred(config, members, benchmark, fields) -> np.ndarray:
  changed = configs.override(config.copy_and_resolve_references(), fields)
  model = predictors.Predictor.from_fitted(changed, members, {})
  return model.transfer(benchmark.space).predict(benchmark.genotypes)
