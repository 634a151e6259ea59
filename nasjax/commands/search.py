"""`nasjax search`: score a space, search it, show the best."""

from nasjax import entry
from nasjax.commands.command import Command
from nasjax.commands.search_options import SearchOptions

_USAGE = """Scores a search space with a trained predictor and shows the best.

  {program} --space nb201 [--dataset cifar10] [--strategy score_all]
    [--checkpoint NAME] [--top_k 10] [--budget N] [--seed 0] [--out FILE]

Without --checkpoint the predictor that comes with nasjax is used. Known
accuracies come from a benchmark and are printed beside the predicted ones.

  {program} --space nb201 --scores table [--strategy local]

searches the known accuracies themselves, among the cells that have one.

  {program} --space nb201 --dataset IMAGES --evaluate 3 [--epochs 10]
    [--image_size 16] [--workdir DIR]

trains the best cells on images of one's own, as `nasjax evaluate` does.
"""


def _run(options: SearchOptions) -> None:
  """Loads what searches, which takes seconds, after the last checks."""
  entry.load("nasjax.commands.search_checks", "").check(options)
  if options.evaluate:
    run = entry.load("nasjax.commands.evaluate_run").run
    run(options.evaluation())
  else:
    entry.load("nasjax.commands.search_run").run(options)


COMMAND = Command(
  "search",
  "score a search space, search it, show the best",
  _USAGE,
  SearchOptions,
  _run,
  also=("python search.py", "nasjax-search"),
)
main = COMMAND.main
