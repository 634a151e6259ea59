"""The graphs that models read, and every edit that is made to a graph."""

from nasjax.graphs.cells import NUM_DETAILS, CellGraphs, build
from nasjax.graphs.edits import (
  inference_graph,
  laplacian,
  live_nodes,
  normalize,
  reachability,
  symmetric,
  training_graph,
)

__all__ = [
  "NUM_DETAILS",
  "CellGraphs",
  "build",
  "inference_graph",
  "laplacian",
  "live_nodes",
  "normalize",
  "reachability",
  "symmetric",
  "training_graph",
]
