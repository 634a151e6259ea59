"""Options of `nasjax reproduce`."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from nasjax.commands import shared_options
from nasjax.commands.options import Options, option


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReproduceOptions(Options):
  """Options of `nasjax reproduce`."""

  name: str = option("", "table or figure, see --list", is_positional=True)
  list: bool = option(False, "prints the names")
  space: tuple[str, ...] = option(
    (), "search spaces; all of the table by default", metavar="A,B"
  )
  benchmark: tuple[str, ...] = option(
    (), "benchmarks of the labels; all of the spaces by default", metavar="A,B"
  )
  dataset: tuple[str, ...] = option(
    (),
    "data sets: cifar10, on nb201 also cifar100, imagenet16",
    metavar="A,B",
  )
  methods: tuple[str, ...] = option(
    (), "methods; those of the table by default", metavar="A,B"
  )
  sizes: tuple[int, ...] = option(
    (),
    "numbers of training labels; those of the table by default",
    metavar="N,M",
    least=2,
  )
  num_seeds: int | None = option(
    None,
    "number of seeds, a training sample each; 5 by default, of few_trainings "
    "50 on nb201, 20 on nb101, 10 on darts",
    least=1,
  )
  seed: int = option(0, "first seed", least=0)
  max_steps: int = option(
    0, "training steps at most; 0 for the whole recipe", least=0
  )
  workdir: str = option(
    "reproduce_runs",
    "folder of the experiments, for all names",
    metavar="DIR",
    is_path=True,
  )
  results: str | None = option(
    None,
    "folder of the results; WORKDIR/results by default",
    metavar="DIR",
    is_path=True,
  )
  update: bool = option(False, "writes into the tracked results, docs/results")
  readme: str = option(
    "README.md", "the file that `readme` rewrites", metavar="FILE", is_path=True
  )
  data_dir: str | None = shared_options.data_dir()
  words: tuple[str, ...] = ()
  """The command line itself, for the record."""

  @classmethod
  def split(cls, words: Sequence[str]) -> tuple[Sequence[str], dict[str, Any]]:
    """Keeps the command line."""
    return words, {"words": tuple(words)}
