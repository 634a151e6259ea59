"""The compared studies (cells, labels, sample sizes) and methods."""

import dataclasses
from collections.abc import Sequence

from nasjax import errors
from nasjax.benchmarks import mini201_images


@dataclasses.dataclass(frozen=True)
class Study:
  """One block of a table: cells, labels and sample sizes.

  Attributes:
    space: search space.
    benchmark: benchmark of the labels.
    dataset: data set of the labels.
    train_label: label to train on, without the data set.
    test_label: label to test on, without the data set.
    sizes: numbers of training labels of the published tables.
    max_size: most training labels that leave cells to test on.
  """

  space: str
  benchmark: str
  dataset: str
  train_label: str
  test_label: str
  sizes: tuple[int, ...]
  max_size: int

  @property
  def key(self) -> tuple[str, str, str]:
    """Identity of the study: space, benchmark, data set."""
    return self.space, self.benchmark, self.dataset


_NB201_SIZES = (78, 156, 469, 781, 1563)
STUDIES = (
  Study(
    "nb101", "nb101", "cifar10", "val", "test", (100, 172, 424, 4236), 20_000
  ),
  *(
    Study("nb201", "nb201", dataset, "val", "test", _NB201_SIZES, 15_000)
    for dataset in ("cifar10", "cifar100", "imagenet16")
  ),
  Study(
    "darts", "nb301", "cifar10", "val", "val", (100, 500, 1000, 10_000), 11_000
  ),
  Study("darts", "darts545", "cifar10", "val50", "val50", (100, 300), 500),
  Study("size", "nats_size", "cifar10", "test", "test", (150,), 30_000),
  *(
    Study("nb201", "mini201", name, "test", "test", (150,), 200)
    for name in mini201_images.names()
  ),
)

TRAINED = {
  "default": "default predictor",
  "regression": "kernel regression alone",
  "paper": "architecture-enhanced, GCN head (paper)",
  "paper_mlp": "architecture-enhanced, MLP head (paper)",
  "paper_onehot": "architecture-enhanced, one-hot (paper)",
  "paper_inference": "architecture-enhanced, inference graph (paper)",
  "pinat": "PINAT",
  "tnasp": "TNASP",
  "gmae": "GMAE-NAS",
  "neural_predictor": "Neural Predictor",
  "mlp": "MLP",
}
WITH_PRIOR = {
  "default_prior": "default predictor, zero-label prior",
  "regression_prior": "kernel regression alone, zero-label prior",
}
"""The same, which start from the zero-label score (`config.prior`)."""
TRANSFERRED = {
  "tgnas_code": "TG-NAS, as its code",
  "tgnas_paper": "TG-NAS, as its paper",
}
"""Trained in one space and tested in others."""
FLOORS = {
  "flops": "FLOPs",
  "params": "parameters",
  "random_forest_onehot": "random forest, one-hot",
  "xgboost_onehot": "XGBoost, one-hot",
  "random_forest_graph": "random forest, graph features",
  "xgboost_graph": "XGBoost, graph features",
  "random_forest_paths": "random forest, graph and path features",
  "xgboost_paths": "XGBoost, graph and path features",
}
# Those of table 3; the others are ablations.
COMPARED = (
  "default",
  "regression",
  "paper",
  "paper_mlp",
  "pinat",
  "tnasp",
  "gmae",
  "neural_predictor",
  "mlp",
)
CEILING = "ceiling"
METHODS = {**TRAINED, **WITH_PRIOR, **FLOORS}
TITLES = {
  **METHODS,
  **TRANSFERRED,
  CEILING: "ceiling: training label against test label",
}


def title(method: str) -> str:
  """Title of a method, or of a variant such as `paper width=16`."""
  name, variant = split_variant(method)
  if name not in TITLES:
    return method
  return f"{TITLES[name]}, {variant}" if variant else TITLES[name]


def split_variant(method: str) -> tuple[str, str]:
  """Splits `paper width=16` or `paper, trained on cifar10` at its first word.

  Returns:
    The method, and what is varied, empty where nothing is.
  """
  name, _, variant = method.partition(" ")
  return name.removesuffix(","), variant


def get_studies(
  spaces: Sequence[str],
  datasets: Sequence[str],
  benchmarks: Sequence[str] = (),
) -> tuple[Study, ...]:
  """Returns the studies of the named spaces and data sets, in table order.

  Args:
    spaces: search spaces.
    datasets: data sets.
    benchmarks: benchmarks of the labels; all of the spaces where empty.

  Raises:
    UserError: a name is unknown, or no space has the benchmark or data set.
  """
  known = list(dict.fromkeys(study.space for study in STUDIES))
  for space in spaces:
    errors.check_name("--space", space, known)
  chosen = [study for study in STUDIES if study.space in spaces]
  known = list(dict.fromkeys(study.benchmark for study in chosen))
  for benchmark in benchmarks:
    if benchmark not in known:
      raise errors.one_of(
        f"--benchmark of {', '.join(spaces)}", benchmark, known
      )
  chosen = [
    study for study in chosen if study.benchmark in (benchmarks or known)
  ]
  known = sorted({study.dataset for study in chosen})
  for dataset in datasets:
    errors.check_name(f"--dataset of {', '.join(spaces)}", dataset, known)
  return tuple(study for study in chosen if study.dataset in datasets)


def datasets_of(
  spaces: Sequence[str], datasets: Sequence[str]
) -> tuple[str, ...]:
  """Returns the data sets that one of the spaces has; all if it has none."""
  known = {study.dataset for study in STUDIES if study.space in spaces}
  return tuple(name for name in datasets if name in known) or tuple(datasets)


def check_methods(methods: Sequence[str], known: Sequence[str]) -> None:
  """Checks names of methods.

  Raises:
    UserError: a name is not among the known ones.
  """
  for method in methods:
    errors.check_name("method", method, known)
