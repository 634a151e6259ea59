"""`python train.py --config=configs/nb101.py`: train and report."""

import pathlib
from collections.abc import Sequence
from typing import Any

from absl import flags
from ml_collections import config_flags

from nasjax import errors, experiment, files
from nasjax.commands import flags as command_flags

_USAGE = """Trains a predictor and reports its rank correlations.

  python train.py --config=configs/nb101.py [--config.FIELD=VALUE ...]
                  [--workdir=DIR] [--data_dir=DIR]

The workdir gets config.json, metrics.jsonl, summary.json, predictions.npz and
checkpoint/. The same command in the same workdir resumes.
"""


def _define() -> flags.FlagValues:
  values = flags.FlagValues()
  command_flags.config_flag(values)
  flags.DEFINE_string(
    "workdir",
    None,
    "folder of the run; runs/CONFIG by default",
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
  print(
    f"tau (rest)   {summary['tau_rest_mean']:.4f} "
    f"+- {summary['tau_rest_std']:.4f}   each: "
    + " ".join(f"{tau:.4f}" for tau in summary["tau_rest"])
  )
  print(
    f"tau (all)    {summary['tau_all_mean']:.4f} "
    f"+- {summary['tau_all_std']:.4f}"
  )
  print(f"rho (rest)   {summary['spearman_rest_mean']:.4f}")
  print(f"regret of the top 10  {summary['top10_regret_all_mean']:.3f}")
  print(
    f"time         {summary['train_seconds']:.0f} s to train, "
    f"{summary['total_seconds']:.0f} s in all"
  )
  print(f"written to   {workdir}")


def _train(argv: Sequence[str]) -> None:
  """Parses flags and trains."""
  values = _define()
  if not command_flags.parse(values, argv, _USAGE):
    return
  if values["config"].value is None:
    raise errors.UserError(
      "no config: expected --config=configs/nb201.py (or nb101, darts, custom)"
    )
  name = config_flags.get_config_filename(values["config"])
  stem = pathlib.Path(name.split(":")[0]).stem
  workdir = files.expand(values["workdir"].value or f"runs/{stem}")
  summary = experiment.run(
    values["config"].value, workdir, values["data_dir"].value
  )
  _report(summary, workdir)


main = command_flags.guard(_train)
