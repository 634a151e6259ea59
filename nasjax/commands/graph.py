"""`nasjax graph`: a network as a graph of primitive operators."""

from nasjax import entry
from nasjax.commands.command import Command
from nasjax.commands.graph_options import GraphOptions

_USAGE = """Prints and draws the computation graph of a network.

  {program} model.onnx [--shape 224,224,3] [--svg model.svg] [--json]

Nothing of the file is executed, and its weights are not read. The drawing shows
parts that follow themselves once, with how often they do.
"""


def _run(options: GraphOptions) -> None:
  """Loads what reads graphs."""
  entry.load("nasjax.commands.graph_run", "").run(options)


COMMAND = Command(
  "graph",
  "print and draw the computation graph of an ONNX model",
  _USAGE,
  GraphOptions,
  _run,
)
main = COMMAND.main
