"""Loads what a config names: labels, splits, training cells."""

import dataclasses
import hashlib

import numpy as np

from nasjax import config as configs
from nasjax import errors, files
from nasjax import labels as label_numbers
from nasjax.benchmarks import base as benchmarks_base
from nasjax.benchmarks import custom, registry, splits
from nasjax.config import checks
from nasjax.experiments import teachers
from nasjax.spaces import registry as spaces


@dataclasses.dataclass(frozen=True)
class Task:
  """Everything that a training needs and the config only names.

  Attributes:
    benchmark: cells and labels.
    train_label: label of the training cells, e.g. `cifar10/val`.
    test_label: label of the test cells.
    splits: one split per seed; training rows `[n]` differ between seeds.
    genotypes: training cells, `[S, n, G]`.
    labels: their labels in the benchmark's unit, `[S, n]`.
    targets: standardised labels, `[S, n]` float32.
    target: what they are: `accuracy`, or `cost`, of which less is better.
  """

  benchmark: benchmarks_base.Benchmark
  train_label: str
  test_label: str
  splits: tuple[splits.Split, ...]
  genotypes: np.ndarray
  labels: np.ndarray
  targets: np.ndarray
  target: str = configs.ACCURACY


def make_task(
  config: configs.Config, data_dir: files.PathLike | None = None
) -> Task:
  """Reads the benchmark of a config and draws the training samples.

  Raises:
    UserError: the data are not there, a name in the config is unknown, or a
      value is out of its range (`nasjax.config.checks`).
  """
  checks.check(config)
  checks.check_seeds(config)
  benchmark, train_label, test_label = _labelled(config, data_dir)
  if config.teacher:
    benchmark = teachers.add_predictions(
      benchmark, config.dataset, config.teacher
    )
  known = int(np.isfinite(benchmark.values(train_label)).sum())
  num_train = config.num_train or max(2, round(0.8 * known))
  drawn = tuple(
    splits.make_split(
      config.split, benchmark, train_label, test_label, num_train, seed
    )
    for seed in range(config.seed, config.seed + config.num_seeds)
  )
  rows = np.stack([split.train for split in drawn])
  labels = benchmark.values(train_label)[rows]
  targets = [
    _standardised(row, benchmark, train_label, known) for row in labels
  ]
  return Task(
    benchmark,
    train_label,
    test_label,
    splits=drawn,
    genotypes=benchmark.genotypes[rows],
    labels=labels,
    targets=np.stack(targets),
    target=config.target,
  )


def _check_varied(path: str, values: np.ndarray) -> None:
  """Refuses a table of one value, before a part of it is drawn for training."""
  if values.min() == values.max():
    raise errors.UserError(
      f"{errors.quote(path)}: expected at least two different values, got "
      f"{values[0]:g} for all its architectures ({len(values)}); nothing can "
      "be ranked"
    )


def _standardised(
  labels: np.ndarray,
  benchmark: benchmarks_base.Benchmark,
  name: str,
  known: int,
) -> np.ndarray:
  """Standardises the training labels of one seed, `[n]` float32.

  Args:
    labels: in the benchmark's unit, `[n]`.
    benchmark: that they are from.
    name: name of the label.
    known: how many cells have it.

  Raises:
    UserError: they are all equal, or their unit is too large or too small.
  """
  try:
    return label_numbers.standardise(labels, len(labels))
  except errors.UserError as error:
    raise errors.UserError(
      f"{benchmark.source}: {name!r} of {len(labels)} training cells among the "
      f"{known} that have it: {error}"
    ) from error


def _labelled(
  config: configs.Config, data_dir: files.PathLike | None
) -> tuple[benchmarks_base.Benchmark, str, str]:
  """The benchmark of a config, its training label and its test label.

  Raises:
    UserError: see `make_task`.
  """
  space = spaces.get_space(config.space)
  if config.table:
    checks.check_table(config)
    benchmark = custom.read_table(config.table, space, target=config.target)
    _check_varied(config.table, benchmark.values(custom.LABEL))
    return benchmark, "custom/value", "custom/value"
  name = config.benchmark or registry.default_benchmark(config.space)
  benchmark = registry.get_benchmark(name, data_dir)
  if config.target == configs.COST:
    raise errors.UserError(
      f"config.target: expected 'accuracy', as the labels of the benchmark "
      f"{benchmark.name!r} are, got 'cost'; costs are labels of one's own "
      "(--config=custom --config.table=FILE.csv)"
    )
  if benchmark.space.name != config.space:
    raise errors.UserError(
      f"config.benchmark {benchmark.name!r} is a benchmark of the space "
      f"{benchmark.space.name!r}: expected one of {config.space!r}"
    )
  return (
    benchmark,
    f"{config.dataset}/{config.train_label}",
    f"{config.dataset}/{config.test_label}",
  )


def digest(task: Task) -> str:
  """Digest of the training cells and their labels."""
  found = hashlib.sha256(np.ascontiguousarray(task.genotypes).tobytes())
  found.update(np.ascontiguousarray(task.labels).tobytes())
  return found.hexdigest()
