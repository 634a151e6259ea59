"""The report `arch2vec_prediction`: accuracy from frozen embeddings.

A Gaussian process (scikit-learn) reads embeddings or encodings of few cells
with their labels and predicts the others; the kernel regression on graph
features stands beside them. Yan et al. 2020 have 250 labels.

Dimensions: `n` cells, `F` numbers of an encoding.
"""

import functools
import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from nasjax import progress
from nasjax.benchmarks import base as benchmarks_base
from nasjax.benchmarks import registry
from nasjax.experiments import provenance
from nasjax.features import tables
from nasjax.predictors import predictor
from nasjax.reproduce import (
  extras,
  markdown,
  recipes,
  reports,
  results,
)
from nasjax.reproduce.few_trainings import encodings
from nasjax.spaces import base as spaces_base
from nasjax.surrogates import onehot, supervised
from nasjax.systems.arch2vec import embedder
from nasjax.training import metrics

METHODS = {
  "arch2vec": "Gaussian process, arch2vec",
  "adjacency": "Gaussian process, adjacency encoding",
  "paths": "Gaussian process, path encoding",
  "graph": "Gaussian process, graph features",
  "arch2vec_graph": "Gaussian process, arch2vec and graph features",
  "supervised": "Gaussian process, supervised embedding",
  "regression": "kernel regression alone",
}
METRICS = {
  "rmse": "root mean squared error, percent",
  "pearson": "Pearson r",
  "tau_rest": "Kendall tau-b",
}
SIZES = (250, 500, 1000)
_TESTED, _CHOSEN_ON = 20_000, 250
SPEC = reports.Spec(
  what="accuracy from frozen embeddings, by a Gaussian process",
  spaces=("nb101", "nb201", "darts"),
  methods=tuple(METHODS),
  known=tuple(METHODS),
  sizes={name: SIZES for name in ("nb101", "nb201", "nb301")},
  num_seeds={name: 3 for name in ("nb101", "nb201", "nb301")},
)
_BENCHMARKS = ("nb101", "nb201", "nb301")


class Problem(NamedTuple):
  """Cells with labels of one seed.

  Attributes:
    benchmark: where they come from.
    train: rows of the training cells.
    test: rows of the test cells.
    labels: of all cells of the benchmark, percent.
  """

  benchmark: benchmarks_base.Benchmark
  train: np.ndarray
  test: np.ndarray
  labels: np.ndarray


def run(options: reports.Options) -> None:
  """Fits every method at every size; writes rows and tables.

  Raises:
    UserError: data or an extra are missing.
  """
  for study in options.studies:
    if study.benchmark not in _BENCHMARKS:
      continue
    benchmark = registry.get_benchmark(study.benchmark, options.setup.data_dir)
    labels = benchmark.values(f"{study.dataset}/{study.test_label}")
    for size in options.sizes_of(study):
      problems = [
        draw(benchmark, labels, size, options.setup.seed + seed)
        for seed in range(options.num_seeds_of(study))
      ]
      for method in options.methods:
        with progress.phase(f"{study.benchmark}, {size} labels: {method}"):
          rows = _rows(study, size, method, problems, options.setup.seed)
        reports.save(options, rows)
  data = results.read(options.path)
  text = render(data)
  reports.write_page(options, text)


def draw(
  benchmark: benchmarks_base.Benchmark,
  labels: np.ndarray,
  size: int,
  seed: int,
) -> Problem:
  """Draws training cells, and test cells that are not among them."""
  known = np.flatnonzero(np.isfinite(labels))
  order = np.random.default_rng(seed).permutation(known)
  test = order[size : size + _TESTED]
  return Problem(benchmark, order[:size], test, labels)


def _rows(study, size, method, problems, first_seed) -> list[results.Row]:
  began, values = time.monotonic(), {name: [] for name in METRICS}
  for problem in problems:
    found, truth = predict(method, problem), problem.labels[problem.test]
    values["rmse"].append(float(np.sqrt(np.mean((found - truth) ** 2))))
    values["pearson"].append(float(np.corrcoef(found, truth)[0, 1]))
    values["tau_rest"].append(metrics.kendall_tau(found, truth))
  benchmark = problems[0].benchmark
  label = benchmark.describe(f"{study.dataset}/{study.test_label}")
  return [
    results.make_row(
      study,
      method,
      size,
      metric,
      found,
      note=f"{len(problems[0].test):,} test cells; train and test: {label}",
      first_seed=first_seed,
      commit=provenance.commit(),
      seconds=round(time.monotonic() - began, 1),
      published=None,
    )
    for metric, found in values.items()
  ]


def predict(method: str, problem: Problem) -> np.ndarray:
  """Predicts the labels of the test cells, percent, `[n]`."""
  genotypes = problem.benchmark.genotypes
  train, test = genotypes[problem.train], genotypes[problem.test]
  labels = problem.labels[problem.train]
  space = problem.benchmark.space
  if method == "regression":
    config = recipes.recipe("regression", space.name, len(train))
    model = predictor.Predictor(space.name, config=config)
    model.fit(train, labels)
    return model.predict(test)
  both = np.concatenate([train, test])
  if method == "supervised":
    model = supervised.train(space.whole, train, labels)
    inputs = supervised.represent(model, both).astype(np.float64)
  else:
    inputs = ENCODINGS[method](space.whole, both).astype(np.float64)
  center, spread = inputs[: len(train)].mean(0), inputs[: len(train)].std(0)
  inputs = (inputs - center) / np.where(spread > 0, spread, 1)
  return _gaussian_process(inputs[: len(train)], labels, inputs[len(train) :])


def _gaussian_process(train, labels, test) -> np.ndarray:
  """Squared-exponential kernel and noise, of the highest likelihood.

  They are chosen on the first `_CHOSEN_ON` training cells.
  """
  processes: Any = extras.load("sklearn.gaussian_process", "baselines")
  kernels: Any = extras.load("sklearn.gaussian_process.kernels", "baselines")
  sklearn: Any = extras.load("sklearn.exceptions", "baselines")
  length = np.sqrt(train.shape[1])
  bounds = (0.05 * length, 50 * length)
  kernel = kernels.ConstantKernel(1.0) * kernels.RBF(length, bounds)
  kernel += kernels.WhiteKernel(0.1)
  model = processes.GaussianProcessRegressor(
    kernel, normalize_y=True, random_state=0
  )
  with warnings.catch_warnings():
    # A length or a noise at its bound is what the data ask for.
    warnings.simplefilter("ignore", category=sklearn.ConvergenceWarning)
    chosen = model.fit(train[:_CHOSEN_ON], labels[:_CHOSEN_ON]).kernel_
  model = processes.GaussianProcessRegressor(
    chosen, normalize_y=True, optimizer=None
  )
  return model.fit(train, labels).predict(test)


def _embedded(space: spaces_base.Space, genotypes: np.ndarray) -> np.ndarray:
  return _embedder(space.name).embed(genotypes)


@functools.lru_cache(maxsize=4)
def _embedder(space: str) -> embedder.Embedder:
  return embedder.Embedder.load(space)


def _joined(space: spaces_base.Space, genotypes: np.ndarray) -> np.ndarray:
  parts = [_embedded(space, genotypes), tables.graph_features(space, genotypes)]
  return np.concatenate(parts, axis=1)


ENCODINGS: dict[str, Callable[[spaces_base.Space, np.ndarray], np.ndarray]] = {
  "arch2vec": _embedded,
  "adjacency": onehot.onehot,
  "paths": encodings.paths,
  "graph": tables.graph_features,
  "arch2vec_graph": _joined,
}
"""What the Gaussian process reads, `[n, F]`, of each method."""

_TEXT = (
  "Every method sees the same labelled cells, drawn at random; measured on "
  "others, at most 20,000. The embedders come with nasjax and saw no label. "
  "The supervised embedding is the last hidden layer of one network of the "
  "default predictor, trained on the same labelled cells. "
  "Inputs are standardised on the training cells; kernel and noise of the "
  "Gaussian process are those of the highest likelihood of 250 training cells. "
  "The kernel regression learns the ranks of labels and gives scores with "
  "their mean and spread: its error in percent says little. Mean +- standard "
  "deviation (seeds)."
)


def render(data: results.Data) -> str:
  """Prints a result file as Markdown."""
  rows = data["rows"]
  parts = markdown.head(data, SPEC.what, _TEXT)
  for key in results.studies(rows):
    own = results.select(rows, benchmark=key[1], dataset=key[2])
    parts += [f"## {key[0]}, {key[1]}, {key[2]}", f"{own[0]['note']}."]
    for metric, title in METRICS.items():
      parts += [f"### {title}", _table(own, metric)]
  return "\n\n".join(parts) + "\n"


def _table(own: Sequence[results.Row], metric: str) -> str:
  sizes = markdown.sizes_of(own)
  lines = [
    [title]
    + [
      markdown.measured(
        markdown.find(own, method=method, size=size, metric=metric)
      )
      for size in sizes
    ]
    for method, title in METHODS.items()
    if results.select(own, method=method)
  ]
  return markdown.table(["method", *(str(size) for size in sizes)], lines)
