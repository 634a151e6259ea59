"""The options of `search` and `evaluate`, and which do not go together."""

import dataclasses
from collections.abc import Set

from nasjax import errors
from nasjax.commands import shared_options
from nasjax.commands.options import REQUIRED, Options, option

# Written out, so that a mistake is found before anything heavy is imported.
STRATEGIES = (
  "score_all",
  "random",
  "evolution",
  "local",
  "pruning",
  "model",
  "dngo",
  "reinforce",
)
LATENT = ("dngo", "reinforce")
"""Those that search in an embedding of the space."""
PRIORS = ("none", "zero")
_TRAINING_SEEDS = 2**32
_BY_PREDICTOR = ("top", "checkpoint", "budget", "best")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Asked(Options):
  """Source of the scores, and the known accuracies beside them."""

  space: str = shared_options.space()
  dataset: str = option(
    "cifar10",
    "data set of the known accuracies, or images: a path or a name",
    metavar="NAME",
    is_path=True,
  )
  strategy: str = option(
    "score_all", "search strategy", names=STRATEGIES, what="strategy"
  )
  checkpoint: str | None = shared_options.checkpoint()
  prior: str = option(
    "none",
    "with --strategy=model: what is believed before any score; zero for the "
    "transfer predictor of nasjax zero-label",
    names=PRIORS,
  )
  embedding: str = option(
    "adjacency",
    "with --strategy=dngo or reinforce: the vectors of the architectures; "
    "adjacency, arch2vec for the representations that come with nasjax, or the "
    "workdir of an arch2vec training",
    metavar="NAME",
    is_path=True,
  )
  budget: int | None = option(
    None,
    "how many architectures are scored; by default the whole space, 20,000 "
    "samples of one that cannot be enumerated, 100 of the strategies "
    "model and dngo, or 1,000 of the others",
    least=1,
    most=2**63 - 1,
  )
  best: str | None = option(
    None,
    "which scores are the best; by default the lowest of costs, else the "
    "highest",
    names=("highest", "lowest"),
  )
  top_k: int = option(
    10, "how many of the best are listed", least=1, most=1_000_000
  )
  seed: int = option(0, "seed of all draws", least=0, most=2**63 - 1)
  out: str | None = option(
    None, "JSON file for the result", metavar="FILE", is_path=True
  )

  def check(self, given: Set[str]) -> None:
    """Refuses what nothing reads, and a file that is no result."""
    if "embedding" in given and self.strategy not in LATENT:
      raise errors.UserError(
        "--embedding: expected it with --strategy=dngo or reinforce, got "
        f"--strategy={self.strategy}; leave one of them out"
      )
    if self.prior != "none" and self.strategy != "model":
      raise errors.UserError(
        f"--prior: expected it with --strategy=model, got "
        f"--strategy={self.strategy}; leave one of them out"
      )
    if self.out is not None:
      from nasjax import files  # imports numpy
      from nasjax.io import replacing

      files.check_writable(self.out)
      former = replacing.has_json("space", "strategy", "top")
      replacing.check_file(self.out, former, "a result of a search")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Training(Options):
  """Training of the best cells on images."""

  epochs: int = option(10, "epochs of each training", least=1, most=1_000_000)
  image_size: int = option(
    16,
    "images are resized to squares of so many pixels",
    least=4,
    most=512,
  )
  workdir: str | None = option(
    None,
    "folder of the trainings, from which the same command resumes; by default "
    "one in runs/, named after space, images and options",
    metavar="DIR",
    is_path=True,
  )


@dataclasses.dataclass(frozen=True, kw_only=True)
class EvaluateOptions(Training, Asked):
  """Options of `nasjax evaluate`."""

  dataset: str = option(
    REQUIRED,
    "images: a folder with a folder for each class, a file of a known format, "
    "or the name of a known set",
    metavar="IMAGES",
    is_path=True,
  )
  top: int = option(
    3, "how many of the best are trained", least=1, most=1_000_000
  )
  trainings: int = option(
    20,
    "with --strategy=model: how many cells are trained, each chosen by the "
    "results of those before",
    least=1,
    most=1_000_000,
  )
  batch: int = option(
    1,
    "with --strategy=model: cells that are trained between two choices",
    least=1,
    most=1_000_000,
  )

  def check(self, given: Set[str]) -> None:
    """Refuses a seed that trainings cannot have, and flags without use."""
    _check_seed(self.seed)
    by_model = self.strategy == "model"
    unused = _BY_PREDICTOR if by_model else ("trainings", "batch")
    for name in unused:
      if name in given:
        what = "without" if by_model else "with"
        raise errors.UserError(
          f"--{name}: expected it {what} --strategy=model, got "
          f"--strategy={self.strategy}; leave one of them out"
        )
    super().check(given)


@dataclasses.dataclass(frozen=True, kw_only=True)
class SearchOptions(Training, Asked):
  """Options of `nasjax search`."""

  scores: str = option(
    "predictor", "what is searched", names=("predictor", "table")
  )
  benchmark: str | None = option(
    None,
    "benchmark of the known accuracies; that of the space by default",
    metavar="NAME",
  )
  label: str | None = option(
    None, "label of the known accuracies; test by default", metavar="NAME"
  )
  data_dir: str | None = shared_options.data_dir()
  evaluate: int = option(
    0,
    "how many of the best are trained on the images of --dataset, as by "
    "nasjax evaluate",
    least=0,
    most=1_000_000,
  )

  def check(self, given: Set[str]) -> None:
    """Refuses what a table, a predictor or images have no use for."""
    if self.evaluate > self.top_k:
      raise errors.UserError(
        f"--evaluate: expected 0 .. --top_k = {self.top_k}, got {self.evaluate}"
      )
    for name, wrong in (
      ("--best=lowest", self.best == "lowest"),
      ("--checkpoint", self.checkpoint is not None),
    ):
      if self.scores == "table" and wrong:
        raise errors.UserError(
          "--scores=table searches accuracies and asks no predictor: expected "
          f"it without {name}"
        )
    self._check_images(given)
    super().check(given)

  def _check_images(self, given: Set[str]) -> None:
    """Stops where a data set of labels and one of images are confused."""
    trainings = [field.name for field in dataclasses.fields(Training)]
    unused = [name for name in trainings if name in given]
    if self.evaluate:
      if self.scores == "table" or self.benchmark or self.label:
        raise errors.UserError(
          "--evaluate: expected none of --scores=table, --benchmark and "
          "--label, since images have no tabulated accuracies"
        )
      _check_seed(self.seed)
    elif unused:
      raise errors.UserError(
        f"--{unused[0]} is an option of the trainings: expected --evaluate K "
        "as well, got none"
      )
    elif "/" in self.dataset:
      raise errors.UserError(
        f"--dataset {errors.quote(self.dataset)} is a path of images: expected "
        "--evaluate as well, since only the trainings need it"
      )

  def evaluation(self) -> EvaluateOptions:
    """The same as options of `nasjax evaluate`."""
    shared = {*_names(Asked), *_names(Training)}
    values = {name: getattr(self, name) for name in shared}
    return EvaluateOptions(**values, top=self.evaluate)


def _check_seed(seed: int) -> None:
  if seed >= _TRAINING_SEEDS:
    raise errors.UserError(
      f"--seed: expected at most {_TRAINING_SEEDS - 1} for trainings, got "
      f"{seed}"
    )


def _names(cls: type[Options]) -> list[str]:
  return [field.name for field in dataclasses.fields(cls)]
