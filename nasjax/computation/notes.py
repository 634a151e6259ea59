"""What a user should know about a graph before its numbers are used."""

from nasjax import errors
from nasjax.computation.graph import ComputationGraph

_LISTED = 5


def notes_of(graph: ComputationGraph) -> list[str]:
  """Lines about unknown operators, open extents and a missing image.

  Args:
    graph: the network.

  Returns:
    One line for each of them that is there.
  """
  notes = []
  unknown = graph.unknown()
  if unknown:
    names = [
      f"{errors.quote(name)} ({count})"
      for name, count in list(unknown.items())[:_LISTED]
    ]
    names += ["..."] if len(unknown) > _LISTED else []
    notes.append(f"operators that are not known: {', '.join(names)}")
  inputs = [node for node in graph.nodes if node.operator == "input"]
  if any(0 in node.shape for node in inputs):
    shapes = ", ".join(
      "x".join(str(extent or "?") for extent in node.shape) for node in inputs
    )
    notes.append(
      f"open extents of the input ({shapes}): multiply-adds that depend on "
      "them count as 0; give the shape of the input (shape=, --shape)"
    )
  if not any(len(node.shape) == 3 for node in inputs):
    notes.append("no input is an image (height, width, channels)")
  return notes
