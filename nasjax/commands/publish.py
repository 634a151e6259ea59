"""Puts the model of a finished training among the pretrained checkpoints.

  python -m nasjax.pretrained WORKDIR NAME

The predictor of WORKDIR, a finished training with one seed, is written to
nasjax/pretrained/NAME with a model card. --checkpoint NAME opens it.
"""

import argparse
import json
import pathlib
import re
from collections.abc import Sequence
from typing import Any

from nasjax import config as configs
from nasjax import errors, files
from nasjax.commands import arguments, command
from nasjax.predictors import predictor, training_cells
from nasjax.training import loop


def _facts(summary: dict[str, Any], config: dict[str, Any]) -> dict[str, str]:
  """What a card says, in order."""
  optimizer = config["optimizer"]
  label, test = summary["train_label"], summary["test_label"]
  plan = loop.make_plan(configs.restored(config), summary["num_train"])
  versions = summary["versions"].items()
  return {
    "benchmark": summary["benchmark"],
    "trained on": f"{summary['num_train']} cells, split `{summary['split']}`, "
    f"seed {summary['seeds'][0]}",
    "train label": f"`{label}`: {summary['train_label_is']}",
    "test label": f"`{test}`: {summary['test_label_is']}",
    f"Kendall tau-b, other {summary['num_test']} cells": (
      f"{summary['tau_rest'][0]:.4f}"
    ),
    f"Kendall tau-b, all {summary['num_all']} cells": (
      f"{summary['tau_all'][0]:.4f}"
    ),
    "Spearman rho, other cells": f"{summary['spearman_rest'][0]:.4f}",
    "members": f"{summary['num_members']} of "
    f"{summary['num_params']} parameters",
    "loss": f"{config['loss']}, {plan.epochs} epochs, batch {plan.batch_size}",
    "optimizer": f"{optimizer['name']}, rate {optimizer['learning_rate']}, "
    f"weight decay {optimizer['weight_decay']}",
    "time to train": f"{summary['train_seconds']:.0f} s on {summary['device']}",
    "commit": summary["commit"],
    "versions": ", ".join(f"{name} {version}" for name, version in versions),
  }


def _taught(config: dict[str, Any]) -> str:
  """What to say of a student; nothing of other models."""
  if not config.get("teacher"):
    return ""
  return f"""
It learnt from scores of the predictor `{config["teacher"]}` and saw no
accuracy. The other cells are those that it did not learn from; its teacher may
have been trained on some of them.
"""


def model_card(
  name: str, summary: dict[str, Any], config: dict[str, Any]
) -> str:
  """Returns the card (Markdown) of a model from its run's files."""
  facts = _facts(summary, config).items()
  rows = "\n".join(f"| {what} | {fact} |" for what, fact in facts)
  return f"""# {name}

Predictor of the space `{summary["space"]}`, trained by nasjax.

| | |
|---|---|
{rows}

Command:

    {summary["command"]}
{_taught(config)}
One seed is kept, so the numbers have no spread. How the hyperparameters were
chosen: `docs/experiments.md`.
"""


def add(workdir: files.PathLike, name: str) -> pathlib.Path:
  """Copies the model of a workdir into the package, with its card.

  Args:
    workdir: a finished training with one seed.
    name: the checkpoint's name.

  Returns:
    The checkpoint's folder.

  Raises:
    UserError: the workdir is not that of a finished training with one seed.
  """
  folder = files.expand(workdir)
  try:
    summary = json.loads((folder / "summary.json").read_text())
    config = json.loads((folder / "config.json").read_text())
  except (OSError, ValueError) as error:
    raise errors.UserError(
      f"{str(folder)!r} is not a finished training: expected summary.json and "
      "config.json"
    ) from error
  if len(summary["seeds"]) != 1:
    raise errors.UserError(
      f"a pretrained checkpoint has one seed, got {summary['seeds']}: train "
      "with --config.num_seeds=1"
    )
  target = predictor.PRETRAINED / name
  card = model_card(name, summary, config)
  predictor.Predictor.load(folder).save(target, readme=card)
  training_cells.keep(folder, target)
  return target


def _main(argv: Sequence[str]) -> None:
  parser = arguments.Parser(
    prog="python -m nasjax.pretrained",
    description=__doc__,
    formatter_class=argparse.RawDescriptionHelpFormatter,
  )
  parser.add_argument("WORKDIR", help="folder of a finished training")
  parser.add_argument("NAME", help="letters, digits and underscores")
  given = parser.parse_args(argv[1:])
  if not re.fullmatch(r"\w+", given.NAME, re.ASCII):
    raise errors.UserError(
      "NAME: expected letters, digits and underscores, got "
      f"{errors.quote(given.NAME)}"
    )
  print(f"written to {add(given.WORKDIR, given.NAME)}")


main = command.guard(_main)
