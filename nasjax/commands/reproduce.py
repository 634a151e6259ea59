"""The command line of `python -m nasjax.reproduce`."""

import importlib
import pathlib
import shlex
from collections.abc import Sequence
from typing import Any

from absl import flags

from nasjax import errors, files
from nasjax.commands import flags as command_flags
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
}
README = "readme"

_USAGE = """Measures published tables and figures again.

  python -m nasjax.reproduce --list
  python -m nasjax.reproduce NAME [--space nb101,nb201,darts]
    [--benchmark nb301] [--dataset cifar10] [--methods A,B] [--sizes N,M]
    [--num_seeds 5] [--seed 0] [--max_steps 0] [--workdir reproduce_runs]
    [--results DIR | --update] [--data_dir DIR]
  python -m nasjax.reproduce readme [--results docs/results]

Rows are merged into DIR/NAME.json; DIR/NAME.md and the figures are made from
it. DIR is the folder `results` of the workdir, or with --update docs/results,
whose files are tracked. An experiment that is finished in the workdir is read,
not run again, and one that was cut off resumes. `readme` writes the tables of
README.md from the tracked files.
"""
TRACKED = pathlib.Path("docs/results")
_PRIVATE = ("workdir", "data_dir", "results", "readme")


def _define() -> flags.FlagValues:
  values = flags.FlagValues()
  strings = {
    "workdir": ("reproduce_runs", "folder of the experiments, for all names"),
    "results": (None, "folder of the results; WORKDIR/results by default"),
    "data_dir": (None, "folder of benchmark tables; NASJAX_DATA by default"),
    "readme": ("README.md", "the file that `readme` rewrites"),
  }
  lists = {
    "space": "search spaces; all of the table by default",
    "benchmark": "benchmarks of the labels; all of the spaces by default",
    "dataset": "data sets: cifar10, on nb201 also cifar100, imagenet16",
    "methods": "methods: " + ", ".join(catalog.METHODS),
    "sizes": "numbers of training labels; those of the table by default",
  }
  integers = {
    "num_seeds": (5, 1, "number of seeds, a training sample each"),
    "seed": (0, 0, "first seed"),
    "max_steps": (0, 0, "training steps at most; 0 for the whole recipe"),
  }
  flags.DEFINE_boolean("list", False, "prints the names", flag_values=values)
  flags.DEFINE_boolean(
    "update",
    False,
    f"writes into the tracked results, {TRACKED}",
    flag_values=values,
  )
  for name, (default, text) in strings.items():
    flags.DEFINE_string(name, default, text, flag_values=values)
  for name, text in lists.items():
    flags.DEFINE_list(name, [], text, flag_values=values)
  for name, (default, least, text) in integers.items():
    flags.DEFINE_integer(
      name, default, text, lower_bound=least, flag_values=values
    )
  return values


def get_report(name: str) -> Any:
  """Returns the module of a table or figure: `SPEC` and `run(options)`.

  Raises:
    UserError: no table or figure has that name.
  """
  if name not in NAMES:
    raise errors.one_of("name", name, (*NAMES, README))
  return importlib.import_module(NAMES[name])


def recorded(argv: Sequence[str]) -> str:
  """The command line for the record, without folders of the machine."""
  kept, skip = [], False
  for word in argv[1:]:
    name = word.lstrip("-").split("=")[0]
    private = word.startswith("-") and name in _PRIVATE
    if not private and not skip:
      kept.append(word)
    skip = private and "=" not in word
  return shlex.join(["python", "-m", "nasjax.reproduce", *kept])


def _sizes(words: Sequence[str]) -> tuple[int, ...]:
  for word in words:
    if not word.isdecimal() or int(word) < 2:
      raise errors.UserError(
        f"--sizes: expected numbers of training labels, at least 2, e.g. "
        f"--sizes=78,156, got {word!r}"
      )
  return tuple(int(word) for word in words)


def results_folder(given: dict[str, Any]) -> pathlib.Path:
  """Where the results of a run go.

  Args:
    given: values of the flags `results`, `update` and `workdir`.

  Raises:
    UserError: two folders are named, or the tracked one is not here.
  """
  if given["update"] and given["results"] is not None:
    raise errors.UserError(
      f"--update writes into {TRACKED}: expected it without --results"
    )
  if given["update"]:
    if not TRACKED.is_dir():
      raise errors.UserError(
        f"--update: expected the folder {str(TRACKED)!r}, got none; run the "
        "command in the root of the checkout"
      )
    return TRACKED
  if given["results"] is not None:
    return files.expand(given["results"])
  return files.expand(given["workdir"]) / "results"


def make_options(
  name: str,
  values: flags.FlagValues,
  command: str,
  recipe: runner.Recipe = recipes.recipe,
  features: floors.GraphFeatures = floors.graph_features,
) -> reports.Options:
  """Turns parsed flags into options.

  Raises:
    UserError: a name or a number is wrong.
  """
  spec = get_report(name).SPEC
  given: Any = values.flag_values_dict()
  spaces = tuple(given["space"]) or spec.spaces
  datasets = tuple(given["dataset"]) or spec.datasets
  options = reports.Options(
    name=name,
    studies=catalog.get_studies(spaces, datasets, given["benchmark"]),
    methods=tuple(given["methods"]) or spec.methods,
    sizes=_sizes(given["sizes"]),
    spec=spec,
    results=results_folder(given),
    setup=runner.Setup(
      recipe=recipe,
      features=features,
      workdir=files.expand(given["workdir"]),
      data_dir=given["data_dir"],
      seed=given["seed"],
      num_seeds=given["num_seeds"],
      max_steps=given["max_steps"],
    ),
    command=command,
  )
  reports.check(options)
  return options


def _reproduce(
  argv: Sequence[str],
  recipe: runner.Recipe = recipes.recipe,
  features: floors.GraphFeatures = floors.graph_features,
) -> None:
  """Parses the command line and makes what it names."""
  words = list(argv)
  name = ""
  if len(words) > 1 and not words[1].startswith("-"):
    name = words.pop(1)
  values = _define()
  if not command_flags.parse(values, words, _USAGE):
    return
  if values["list"].value:
    for each in NAMES:
      print(f"{each:<15} {get_report(each).SPEC.what}")
    return
  if not name:
    raise errors.UserError(
      f"no name: expected one of {', '.join((*NAMES, README))}; see --help"
    )
  if name == README:
    given: Any = values.flag_values_dict()
    readme.update(given["readme"], given["results"] or TRACKED)
    return
  options = make_options(name, values, recorded(argv), recipe, features)
  files.check_writable(options.path)
  with errors.resuming(lambda: "the same command reads what is finished"):
    get_report(name).run(options)


main = command_flags.guard(_reproduce)
