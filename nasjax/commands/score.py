"""`nasjax score`: score whole spaces, or streams of samples."""

from nasjax import entry
from nasjax.commands.command import Command
from nasjax.commands.score_options import ScoreOptions

_USAGE = """Scores a whole space, or a stream of sampled architectures.

  {program} --space nb101 --checkpoint NAME --out DIR
    [--num_shards 16] [--coordinator HOST:PORT --num_processes N --process_id I]
  {program} --space darts --checkpoint NAME --out FILE.json
    --num_samples 10000000 [--top_k 100] [--seed 0]

A whole space is written to DIR in shards; the last process to finish merges
them into DIR/scores.npz. A stream keeps the best top_k; its state lies beside
FILE. After an interruption the same command resumes.
"""


def _run(options: ScoreOptions) -> None:
  """Loads what scores, which takes seconds."""
  entry.load("nasjax.commands.score_run").run(options)


COMMAND = Command(
  "score",
  "score whole spaces on several devices, or streams of samples",
  _USAGE,
  ScoreOptions,
  _run,
  also=("python -m nasjax.scoring",),
)
main = COMMAND.main
