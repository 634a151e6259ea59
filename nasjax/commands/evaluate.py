"""`nasjax evaluate`: train the best cells on images of one's own."""

from nasjax import entry
from nasjax.commands.command import Command
from nasjax.commands.search_options import EvaluateOptions

_USAGE = """Trains the best cells of a space on images and names the winner.

  {program} --space nb201 --dataset IMAGES [--top 3] [--epochs 10]
    [--image_size 16] [--workdir DIR]

IMAGES is a folder with a folder for each class, a file of a known format, or
the name of a known set. A predictor scores the space; the best cells are
trained on the images, and their weights are kept. The same command resumes. In
NAS-Bench-201 the predictor sees the images; --checkpoint nb201 does not.

  {program} --space nb201 --dataset IMAGES --strategy model --trainings 20

asks no predictor: the first cells are spread over the space, and the results of
all trainings so far choose the next one.
"""


def _run(options: EvaluateOptions) -> None:
  """Loads what searches and trains, which takes seconds, after checks."""
  if options.strategy == "model":
    entry.load("nasjax.commands.evaluate_model").run(options)
    return
  entry.load("nasjax.commands.search_checks", "").check_predictor(options)
  entry.load("nasjax.commands.evaluate_run").run(options)


COMMAND = Command(
  "evaluate",
  "train the best cells of a space on images of one's own",
  _USAGE,
  EvaluateOptions,
  _run,
  also=("python search.py --evaluate",),
)
main = COMMAND.main
