"""Shared parts of tables and figures: their scope, and how rows are made."""

import dataclasses
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nasjax import errors, files
from nasjax.experiments import provenance
from nasjax.reproduce import (
  catalog,
  ceilings,
  markdown,
  outcomes,
  results,
  runner,
)


@dataclasses.dataclass(frozen=True)
class Spec:
  """Default scope of a table or figure.

  Attributes:
    what: one line for `--list`.
    spaces: search spaces.
    methods: methods, in the order in which they run.
    known: methods that may be named; all where empty.
    sizes: numbers of training labels by benchmark; the study's own where a
      benchmark is absent.
    datasets: data sets; those that the chosen spaces do not have are left out.
    num_seeds: number of seeds by benchmark; 5 where a benchmark is absent.
    source: cells and labels that are trained on, where the studies are only
      tested on.
  """

  what: str
  spaces: tuple[str, ...]
  methods: tuple[str, ...]
  known: tuple[str, ...] = ()
  sizes: Mapping[str, tuple[int, ...]] = dataclasses.field(default_factory=dict)
  datasets: tuple[str, ...] = ("cifar10",)
  num_seeds: Mapping[str, int] = dataclasses.field(default_factory=dict)
  source: catalog.Study | None = None


@dataclasses.dataclass(frozen=True)
class Options:
  """One command.

  Attributes:
    name: name of the table or figure.
    studies: cells and labels.
    methods: methods.
    sizes: numbers of training labels; by study where empty.
    spec: the defaults.
    results: folder of the results.
    setup: what all experiments share.
    command: the command line, for the record.
    num_seeds: number of seeds that was asked for; by study where None.
  """

  name: str
  studies: tuple[catalog.Study, ...]
  methods: tuple[str, ...]
  sizes: tuple[int, ...]
  spec: Spec
  results: pathlib.Path
  setup: runner.Setup
  command: str
  num_seeds: int | None = None

  @property
  def path(self) -> pathlib.Path:
    """The result file."""
    return self.results / f"{self.name}.json"

  def sizes_of(self, study: catalog.Study) -> tuple[int, ...]:
    """Sizes that a study is measured at."""
    if self.sizes:
      most = (self.spec.source or study).max_size
      return tuple(size for size in self.sizes if size <= most)
    return self.spec.sizes.get(study.benchmark, study.sizes)

  def num_seeds_of(self, study: catalog.Study) -> int:
    """Number of seeds that a study is measured with."""
    if self.num_seeds is not None:
      return self.num_seeds
    return self.spec.num_seeds.get(study.benchmark, runner.NUM_SEEDS)


ExtraRows = Callable[[outcomes.Outcome], Sequence[results.Row]]
Variants = Mapping[str, Mapping[str, Any]]


def check(options: Options) -> None:
  """Checks that there is something to do.

  Raises:
    UserError: a method is unknown here, or no study has room for a size.
  """
  catalog.check_methods(
    options.methods, options.spec.known or tuple(catalog.METHODS)
  )
  if not any(options.sizes_of(study) for study in options.studies):
    source = options.spec.source
    asked = (source,) if source else options.studies
    most = max(study.max_size for study in asked)
    raise errors.UserError(
      f"--sizes: expected 2 to {most} training labels, got "
      f"{', '.join(str(size) for size in options.sizes)}"
    )


def collect(
  options: Options,
  *,
  extra_rows: ExtraRows | None = None,
  variants: Variants | None = None,
  with_ceilings: bool = False,
) -> list[outcomes.Outcome]:
  """Runs every experiment; merges its rows into the result file at once.

  Args:
    options: what to run.
    extra_rows: further rows of an outcome.
    variants: variant in words -> config fields that it changes; the recipe
      itself where None.
    with_ceilings: whether the ceiling of every size is a row.

  Returns:
    The outcomes: by study, size, method and variant.
  """
  found = []
  for study in options.studies:
    for size in options.sizes_of(study):
      first = len(found)
      for method in options.methods:
        for variant, fields in (variants or {"": {}}).items():
          outcome = runner.measure(
            options.setup, study, method, size, variant, fields
          )
          rows = [outcome.row(metric) for metric in outcomes.METRICS]
          save(options, rows + list(extra_rows(outcome) if extra_rows else ()))
          found.append(outcome)
      if with_ceilings:
        data_dir = options.setup.data_dir
        save(options, [ceilings.ceiling_row(found[first], data_dir)])
  return found


def save(options: Options, rows: list[results.Row]) -> results.Data:
  """Merges rows into the result file."""
  return results.update(
    options.path, options.name, options.command, provenance.commit(), rows
  )


def finish(options: Options) -> str:
  """Writes the Markdown beside the result file; prints what was asked for.

  The file holds all rows that were ever measured, the screen those of the
  command's studies. Returns what the file holds.
  """
  data = results.read(options.path)
  pictures = sorted(
    path.name for path in options.results.glob(f"{options.name}*.png")
  )
  text = markdown.render(data, options.spec.what, pictures)
  keys = [study.key for study in options.studies]
  asked = [
    row
    for row in data["rows"]
    if (row["space"], row["benchmark"], row["dataset"]) in keys
  ]
  shown = markdown.render({**data, "rows": asked}, options.spec.what)
  write_page(options, text, shown)
  return text


def write_page(options: Options, text: str, shown: str | None = None) -> None:
  """Writes the Markdown beside the result file, and prints it.

  Args:
    options: the command.
    text: the page.
    shown: what is printed in the place of the page.
  """
  path = options.path.with_suffix(".md")
  files.write_atomic(path, lambda file: file.write(text.encode()))
  print(text if shown is None else shown)


def studies_of(options: Options, benchmark: str) -> list[catalog.Study]:
  """The studies of the one benchmark that a report is about.

  Raises:
    UserError: none was asked for.
  """
  found = [each for each in options.studies if each.benchmark == benchmark]
  if not found:
    raise errors.UserError(
      f"{options.name}: expected the benchmark {benchmark}, got "
      f"{', '.join(study.benchmark for study in options.studies)}"
    )
  return found
