"""The network of any cell that proxies look at, as one program.

The graph of a cell is an argument, so that nothing is compiled for each cell:
at every node a `switch` takes the operator that the cell has there. For cells
of NAS-Bench-201 it is the network of the benchmark (`nasjax.networks.nb201`).
Those of other spaces are drawn alike: a node adds what feeds it, convolutions
are ReLU, convolution, batch normalisation, an output adds its inputs, all
nodes of a cell have one width, all input nodes of a cell hold its input. Where
an architecture has a reduction cell, that stands first in stages 2 and 3.

Dimensions: `N` nodes of a cell, `C`, `H`, `W`, `B` as in `proxies.layers`.
"""

import jax

from nasjax.proxies import passes, weights
from nasjax.proxies.plan import PLAIN, Graph, Params, Pass, Plan, Trace

__all__ = ["Graph", "Network", "Params", "Pass", "Trace"]


class Network(Plan):
  """All networks of a space with one skeleton: a `Plan` and what it does."""

  def init(self, key: jax.Array) -> Params:
    """Draws all kernels; none of them depends on the cell."""
    return weights.init(self, key)

  def gates(self, batch: int) -> Params:
    """Gates that change nothing, for a number of images."""
    return weights.gates(self, batch)

  def live(self, graph: Graph) -> Params:
    """1 for kernels that the cell uses, 0 for others.

    Returns:
      The tree of `init` without the last two axes of each kernel.
    """
    return weights.live(self, graph)

  def apply(
    self,
    params: Params,
    images: jax.Array,
    graph: Graph,
    *,
    how: Pass = PLAIN,
    gates: Params | None = None,
    shifts: tuple[jax.Array, ...] | None = None,
  ) -> Trace:
    """Passes images `[image_channels, H, W, B]` through the network.

    Args:
      params: what `init` drew.
      images: the images.
      graph: the architecture.
      how: what is observed.
      gates: factors of each convolution's output channels for each image: the
        tree of `init` with `[..., F, B]`.
      shifts: what is added to each of `Trace.features` before the next block.
    """
    return passes.Run(self, params, graph, how, gates, shifts).run(images)
