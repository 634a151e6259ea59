"""`python train.py --config=configs/nb101.py`: train and report."""

import pathlib
import shlex
import sys
from collections.abc import Sequence
from typing import Any

from absl import flags

from nasjax import errors, files
from nasjax.commands import config_files, entry, own_spaces
from nasjax.commands import flags as command_flags
from nasjax.experiments import workdirs

_TOP = 10  # of `top10_regret_all`
_USAGE = """Trains a predictor and reports its rank correlations.

  python train.py --config=configs/nb101.py [--config.FIELD=VALUE ...]
                  [--workdir=DIR] [--data_dir=DIR]

--config is a Python file, which is executed, or the name of a config that comes
with nasjax: --config=nb101. nasjax/config/fields.py shows every FIELD.

The workdir gets config.json, metrics.jsonl, summary.json, predictions.npz and
checkpoint/. It is runs/CONFIG, or runs/CONFIG-DIGEST where that holds another
training. The same command in the same workdir resumes.
"""


def _define() -> flags.FlagValues:
  values = flags.FlagValues()
  command_flags.config_flag(values)
  flags.DEFINE_string(
    "workdir",
    None,
    "folder of the run; by default runs/CONFIG, or runs/CONFIG-DIGEST where "
    "that holds another training",
    flag_values=values,
  )
  flags.DEFINE_string(
    "data_dir",
    None,
    "folder of benchmark tables; NASJAX_DATA by default",
    flag_values=values,
  )
  return values


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
  is_script = pathlib.Path(sys.argv[0]).suffix == ".py"
  return "python search.py" if is_script else "nasjax-search"


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


def _train(argv: Sequence[str]) -> None:
  """Parses flags and trains."""
  values = _define()
  if not command_flags.parse(values, argv, _USAGE):
    return
  chosen, data_dir = values["config"].value, values["data_dir"].value
  if chosen is None:
    raise errors.UserError(
      "no config: expected --config=configs/nb201.py (or nb101, darts, custom)"
    )
  files.data_dir(data_dir)
  workdir = _workdir(chosen, values["workdir"].value)
  workdirs.check(workdir, chosen.config)
  experiment = entry.load(
    "nasjax.experiments.experiment", f"{workdir}: loading JAX"
  )
  summary = experiment.run(chosen.config, workdir, data_dir)
  _report(summary, workdir)


main = command_flags.guard(_train)
