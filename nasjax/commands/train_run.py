"""The training of `nasjax train`: config, workdir, training, report."""

import pathlib
import shlex
import sys
from typing import Any

from nasjax import entry, files
from nasjax.commands import config_files, own_spaces
from nasjax.commands.train_options import TrainOptions
from nasjax.experiments import kinds, workdirs

_TOP = 10  # of `top10_regret_all`


def choose(options: TrainOptions) -> config_files.Chosen:
  """The config that the options name, with the fields that they set.

  Raises:
    UserError: there is no such config or field.
  """
  assert options.config is not None
  return config_files.choose(options.config, options.fields)


def run(options: TrainOptions) -> None:
  """Trains and reports; a mistake is found before JAX is loaded.

  Raises:
    UserError: what the options name is not there or does not fit.
  """
  chosen = choose(options)
  files.data_dir(options.data_dir)
  workdir = _workdir(chosen, options.workdir)
  workdirs.check(workdir, chosen.config)
  kind = kinds.of(chosen.config)
  if kind is not None:
    own = entry.load(kind.training, f"{workdir}: loading JAX")
    summary = own.run(chosen.config, workdir)
    print("\n".join(own.report(summary, workdir)))
    return
  experiment = entry.load(
    "nasjax.experiments.experiment", f"{workdir}: loading JAX"
  )
  summary = experiment.run(chosen.config, workdir, options.data_dir)
  _report(summary, workdir)


def _report(summary: dict[str, Any], workdir: pathlib.Path) -> None:
  print(f"space        {summary['space']} ({summary['benchmark']})")
  print(f"train label  {summary['train_label_is']}")
  print(f"test label   {summary['test_label_is']}")
  print(
    f"cells        {summary['num_train']} to train, "
    f"{summary['num_test']} to test; seeds {summary['seeds']}"
  )
  each = ""
  if len(summary["seeds"]) > 1:
    each = " ".join(f"{tau:.4f}" for tau in summary["tau_rest"])
    each = f"   each: {each}"
  print(f"tau (rest)   {_spread(summary, 'tau_rest')}{each}")
  print(f"tau (all)    {_spread(summary, 'tau_all')}")
  print(f"rho (rest)   {summary['spearman_rest_mean']:.4f}")
  if summary["num_all"] > _TOP:  # of fewer it is 0, whatever the scores are
    print(
      f"regret       {summary['top10_regret_all_mean']:.3f} of the top {_TOP} "
      f"among all {summary['num_all']} cells"
    )
  print(
    f"time         {summary['train_seconds']:.0f} s to train, "
    f"{summary['total_seconds']:.0f} s in all"
  )
  print(f"written to   {workdir}")
  print(
    f"search       {_search_program()} "
    f"--space {own_spaces.reference(summary['space'])} "
    f"--checkpoint {shlex.quote(str(workdir))}"
  )


def _search_program() -> str:
  """The search beside the program that runs: a script, or installed."""
  is_script = pathlib.Path(sys.argv[0]).name == "train.py"
  return "python search.py" if is_script else "nasjax search"


def _spread(summary: dict[str, Any], name: str) -> str:
  """Mean and standard deviation over seeds; one seed has no spread."""
  mean = f"{summary[f'{name}_mean']:.4f}"
  if len(summary["seeds"]) < 2:
    return mean
  return f"{mean} +- {summary[f'{name}_std']:.4f}"


def _workdir(chosen: config_files.Chosen, given: str | None) -> pathlib.Path:
  """The workdir that was given, or one in `runs/`."""
  if given is not None:
    return files.expand(given)
  plain = workdirs.default(chosen.name, chosen.config)
  if plain.name != chosen.name:
    held = workdirs.difference(plain.with_name(chosen.name), chosen.config)
    reason = (
      f"runs/{chosen.name} holds another training ({held}): " if held else ""
    )
    print(f"{reason}this one is in {plain}", file=sys.stderr, flush=True)
  return plain
