"""Runs `nasjax reproduce`: a table, a figure, or the tables of documents."""

import importlib
import pathlib
import shlex
from collections.abc import Sequence
from typing import Any

from nasjax import errors, files
from nasjax.commands.reproduce_options import ReproduceOptions
from nasjax.experiments import invocation
from nasjax.reproduce import catalog, floors, readme, recipes, reports, runner

NAMES = {
  "table3": "nasjax.reproduce.table3",
  "table4": "nasjax.reproduce.table4",
  "table5": "nasjax.reproduce.table5",
  "figure6": "nasjax.reproduce.figures.parameters",
  "figure7": "nasjax.reproduce.figures.heads",
  "figure8": "nasjax.reproduce.figures.encodings",
  "figure9": "nasjax.reproduce.figures.sizes",
  "figure10": "nasjax.reproduce.figures.cells",
  "transfer": "nasjax.reproduce.transfer",
  "training_graph": "nasjax.reproduce.training_graph",
  "calibration": "nasjax.reproduce.figures.calibration",
  "tgnas_table3": "nasjax.reproduce.tgnas_table3",
  "tgnas_independence": "nasjax.reproduce.tgnas_independence",
  "tgnas_search": "nasjax.reproduce.tgnas_search",
  "few_labels": "nasjax.reproduce.few_labels",
  "few_trainings": "nasjax.reproduce.few_trainings.report",
  "proxies": "nasjax.reproduce.proxies",
  "zero_label": "nasjax.reproduce.zero_label",
  "arch2vec_table1": "nasjax.reproduce.arch2vec.table1",
  "arch2vec_prediction": "nasjax.reproduce.arch2vec.prediction",
  "arch2vec_maps": "nasjax.reproduce.arch2vec.maps",
  "arch2vec_search": "nasjax.reproduce.latent_search.report",
  "gennape": "nasjax.reproduce.gennape.report",
  "gennape_search": "nasjax.reproduce.gennape.search_report",
}
README = "readme"

TRACKED = pathlib.Path("docs/results")
_PRIVATE = ("workdir", "data_dir", "results", "readme")


def get_report(name: str) -> Any:
  """Returns the module of a table or figure: `SPEC` and `run(options)`.

  Raises:
    UserError: no table or figure has that name.
  """
  if name not in NAMES:
    raise errors.one_of("name", name, (*NAMES, README))
  return importlib.import_module(NAMES[name])


def recorded(words: Sequence[str]) -> str:
  """The command line for the record, without folders of the machine.

  Args:
    words: the command line without the program.
  """
  kept = invocation.without(words, _PRIVATE)
  return shlex.join(["python", "-m", "nasjax.reproduce", *kept])


def results_folder(given: ReproduceOptions) -> pathlib.Path:
  """Returns the folder of the results of a run.

  Raises:
    UserError: two folders are named, or the tracked one is not here.
  """
  if given.update and given.results is not None:
    raise errors.UserError(
      f"--update writes into {TRACKED}: expected it without --results"
    )
  if given.update:
    if not TRACKED.is_dir():
      raise errors.UserError(
        f"--update: expected the folder {str(TRACKED)!r}, got none; run the "
        "command in the root of the checkout"
      )
    return TRACKED
  if given.results is not None:
    return files.expand(given.results)
  return files.expand(given.workdir) / "results"


def make_options(
  given: ReproduceOptions,
  recipe: runner.Recipe = recipes.recipe,
  features: floors.GraphFeatures = floors.graph_features,
) -> reports.Options:
  """Turns the options of the command line into those of a report.

  Raises:
    UserError: a name or a number is wrong.
  """
  spec = get_report(given.name).SPEC
  spaces = given.space or spec.spaces
  datasets = given.dataset or catalog.datasets_of(spaces, spec.datasets)
  options = reports.Options(
    name=given.name,
    studies=catalog.get_studies(spaces, datasets, given.benchmark),
    methods=given.methods or spec.methods,
    sizes=given.sizes,
    spec=spec,
    results=results_folder(given),
    setup=runner.Setup(
      recipe=recipe,
      features=features,
      workdir=files.expand(given.workdir),
      data_dir=given.data_dir,
      seed=given.seed,
      num_seeds=given.num_seeds or runner.NUM_SEEDS,
      max_steps=given.max_steps,
    ),
    command=recorded(given.words),
    num_seeds=given.num_seeds,
  )
  reports.check(options)
  return options


def run(
  given: ReproduceOptions,
  recipe: runner.Recipe = recipes.recipe,
  features: floors.GraphFeatures = floors.graph_features,
) -> None:
  """Makes what the options name.

  Raises:
    UserError: a name or a number is wrong, or data are not there.
  """
  if given.list:
    for each in NAMES:
      print(f"{each:<19} {get_report(each).SPEC.what}")
    return
  if not given.name:
    raise errors.UserError(
      f"no name: expected one of {', '.join((*NAMES, README))}; see --help"
    )
  if given.name == README:
    readme.update(given.readme, given.results or TRACKED)
    return
  options = make_options(given, recipe, features)
  files.check_writable(options.path)
  with errors.resuming(lambda: "the same command reads what is finished"):
    get_report(given.name).run(options)
