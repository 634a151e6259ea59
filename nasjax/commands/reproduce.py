"""`nasjax reproduce`: published tables and figures, measured again."""

from nasjax import entry
from nasjax.commands.command import Command
from nasjax.commands.reproduce_options import ReproduceOptions

_USAGE = """Measures published tables and figures again.

  {program} --list
  {program} NAME [--space nb101,nb201,darts] [--benchmark nb301]
    [--dataset cifar10] [--methods A,B] [--sizes N,M] [--num_seeds N] [--seed 0]
    [--max_steps 0] [--workdir reproduce_runs] [--results DIR | --update]
    [--data_dir DIR]
  {program} readme [--results docs/results]

Rows are merged into DIR/NAME.json; DIR/NAME.md and the figures are made from
it. DIR is the folder `results` of the workdir, or with --update docs/results,
whose files are tracked. An experiment that is finished in the workdir is read,
not run again, and one that was cut off resumes. `readme` writes the tables of
README.md and docs/results/index.md from the tracked files.
"""
_RUN = "nasjax.commands.reproduce_run"


COMMAND = Command(
  "reproduce",
  "measure published tables and figures again",
  _USAGE,
  ReproduceOptions,
  lambda options: entry.load(_RUN).run(options),
  also=("python -m nasjax.reproduce",),
)
main = COMMAND.main
