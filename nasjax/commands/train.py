"""`nasjax train --config=nb201`: train and report."""

from nasjax import entry
from nasjax.commands.command import Command
from nasjax.commands.train_options import TrainOptions

_USAGE = """Trains a predictor and reports its rank correlations.

  {program} --config=nb101 [--config.FIELD=VALUE ...]
    [--workdir=DIR] [--data_dir=DIR]

--config is a Python file, which is executed, or the name of a config that comes
with nasjax: --config=configs/nb101.py is --config=nb101 in a checkout.
nasjax/config/fields.py shows every FIELD.

The workdir gets config.json, metrics.jsonl, summary.json, predictions.npz and
checkpoint/. It is runs/CONFIG, or runs/CONFIG-DIGEST where that holds another
training. The same command in the same workdir resumes. Configs of arch2vec and
gennape have fields of their own, and write what their files say.
"""


def _run(options: TrainOptions) -> None:
  """Reads the config, then loads what trains, which takes seconds."""
  entry.load("nasjax.commands.train_run", "").run(options)


COMMAND = Command(
  "train",
  "train a predictor and report its rank correlations",
  _USAGE,
  TrainOptions,
  _run,
  also=("python train.py", "nasjax-train"),
)
main = COMMAND.main
