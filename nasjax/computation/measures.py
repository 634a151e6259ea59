"""Measures of whole networks: size, depth, operators, paths, channels.

They mean the same in every family, so that a regression that was learnt in some
families can be asked in another. What lies off every path from an input to the
output does not count, except in the totals of parameters and multiply-adds.

Dimensions: `n` networks, `N` nodes, `P` measures, `Q` kinds of work.
"""

from collections.abc import Callable, Sequence

import numpy as np

from nasjax.computation import along_paths, node_arrays
from nasjax.computation.graph import ComputationGraph

_WORK = ("conv", "spatial", "full", "depthwise", "pool", "field", "activation")
_SHARES = ("full", "pointwise", "depthwise")
_COUNTS = (
  *("conv", "spatial", "full", "pointwise", "depthwise", "grouped"),
  *("max_pool", "avg_pool", "add", "concat", "squeeze", "activation", "norm"),
)
_RATIOS = ("conv", "spatial", "pool", "field")
_ALONG = ("most", "least", "mean", "spread", "walks")
_THIRDS = ("early", "middle", "late")
NAMES = (
  *("log params", "log macs", "log activations", "log params of linear"),
  *("macs by params", "params by conv", "macs by conv"),
  *(f"log {each}" for each in _COUNTS),
  *(f"share of macs ({each})" for each in _SHARES),
  *(f"share of params ({each})" for each in _SHARES),
  *(f"log {what} on paths ({each})" for what in _ALONG for each in _WORK),
  *(f"{what} by most ({each})" for what in _ALONG[1:] for each in _RATIOS),
  *(f"log most without pool ({each})" for each in ("conv", "spatial")),
  *(f"width ({each})" for each in ("conv", "spatial")),
  *("log paths", "paths by conv", "pools by work", "adds by conv"),
  *("concats by conv", "mean kernel", "share of macs (kernel 5)"),
  *("resolutions", "place of params", "place of macs", "place of conv"),
  *("spread of macs", "log last size"),
  *("log first channels", "log last channels", "log most channels"),
  *("log mean channels", "log sum of channels", "growth of channels"),
  *(f"log channels ({each})" for each in _THIRDS),
  *(f"log conv ({each})" for each in _THIRDS),
)
"""Names of the `P` measures of a network; logarithms are natural."""


def of_graphs(
  graphs: Sequence[ComputationGraph],
  done: Callable[[int], None] | None = None,
) -> np.ndarray:
  """Measures networks, `[n, P]` float32.

  Args:
    graphs: the networks.
    done: called with 1 after each of them.
  """
  found = np.zeros((len(graphs), len(NAMES)), np.float32)
  for row, graph in enumerate(graphs):
    found[row] = _of_graph(graph)
    if done is not None:
      done(1)
  return found


def _of_graph(graph: ComputationGraph) -> np.ndarray:
  """Measures one network; zeros where its output depends on no input."""
  nodes = node_arrays.of_graph(graph)
  if not nodes.live[-1:].any():
    return np.zeros(len(NAMES))
  kinds = _kinds(nodes)
  counts = {name: kinds[name].sum() for name in _COUNTS}
  parts = [
    _sizes(nodes, graph, counts),
    np.log1p([counts[name] for name in _COUNTS]),
    _shares(nodes, kinds),
    _along(nodes, kinds, counts),
    _connections(nodes, kinds, counts),
    _places(nodes, kinds),
    _channels(nodes, kinds),
  ]
  return np.concatenate(parts)


def _kinds(nodes: node_arrays.NodeArrays) -> dict[str, np.ndarray]:
  """Which live nodes are of each kind, `[N]` bool.

  Layers on single places, such as those of squeeze-excitation, are no `conv`.
  """
  is_wide = nodes.size > 1
  conv = nodes.where("conv") & is_wide
  spatial = conv & (nodes.kernel > 1)
  depthwise, grouped = nodes.where("depthwise"), nodes.where("grouped")
  found = {
    "conv": conv,
    "spatial": spatial,
    "full": spatial & ~depthwise,
    "pointwise": conv & ~spatial,
    "depthwise": depthwise & is_wide,
    "grouped": grouped,
    "squeeze": nodes.where("mul") & is_wide,
  }
  for name in ("pool", "max_pool", "avg_pool", "add", "concat"):
    found[name] = nodes.where(name)
  for name in ("activation", "norm"):
    found[name] = nodes.where(name) & is_wide
  found["linear"] = nodes.where("conv") & ~is_wide
  return found


def _sizes(nodes, graph, counts) -> np.ndarray:
  """Totals, and their ratios."""
  params, macs = np.log1p(graph.params), np.log1p(graph.macs)
  convs = np.log1p(counts["conv"])
  outputs = nodes.where("conv") & (nodes.size > 1)
  activations = np.log1p((nodes.size * nodes.channels)[outputs].sum())
  linear = nodes.where("conv") & (nodes.size <= 1)
  return np.array(
    [
      params,
      macs,
      activations,
      np.log1p(nodes.params[linear].sum()),
      macs - params,
      params - convs,
      macs - convs,
    ]
  )


def _shares(nodes, kinds) -> np.ndarray:
  macs = max(nodes.macs[nodes.live].sum(), 1.0)
  params = max(nodes.params[nodes.live].sum(), 1.0)
  return np.array(
    [nodes.macs[kinds[name]].sum() / macs for name in _SHARES]
    + [nodes.params[kinds[name]].sum() / params for name in _SHARES]
  )


def _work(nodes, kinds) -> np.ndarray:
  """What each node adds to a path, `[N, Q]`."""
  steps = np.sqrt(nodes.image / nodes.size)  # pixels of the image by place
  is_window = kinds["spatial"] | kinds["pool"]
  field = (nodes.kernel - 1) * nodes.dilation * steps / nodes.stride
  own = {
    **kinds,
    "pool": kinds["pool"] & (nodes.stride == 1),
    "field": np.where(is_window, field, 0) / np.sqrt(nodes.image),
  }
  return np.stack([own[name] for name in _WORK], axis=1).astype(np.float64)


def _along(nodes, kinds, counts) -> np.ndarray:
  work = _work(nodes, kinds)
  paths = along_paths.measure(nodes.inputs, nodes.live, work)
  sums = [getattr(paths, name) for name in _ALONG]
  top = np.maximum(paths.most, 1e-6)
  chosen = [_WORK.index(name) for name in _RATIOS]
  ratios = [np.minimum(each / top, 1.0)[chosen] for each in sums[1:]]
  is_pool = kinds["pool"] & (nodes.stride == 1)
  free = along_paths.longest(nodes.inputs, nodes.live & ~is_pool, work[:, :2])
  convs = max(counts["conv"], 1)
  widths = np.array([counts["conv"], counts["spatial"]]) / np.maximum(
    paths.most[:2], 1.0
  )
  number = paths.log_number
  return np.concatenate(
    [
      np.log1p(np.concatenate(sums)),
      np.concatenate(ratios),
      np.log1p(free),
      widths,
      [number, number / convs],
    ]
  )


def _connections(nodes, kinds, counts) -> np.ndarray:
  """How much is pooled, added, concatenated; how large kernels are."""
  convs = max(counts["conv"], 1)
  pools = (kinds["pool"] & (nodes.stride == 1)).sum()
  kernels = nodes.kernel[kinds["spatial"]]
  macs = max(nodes.macs[nodes.live].sum(), 1.0)
  wide = nodes.macs[kinds["spatial"] & (nodes.kernel >= 5)].sum()
  return np.array(
    [
      pools / (convs + pools),
      counts["add"] / convs,
      counts["concat"] / convs,
      kernels.mean() if len(kernels) else 1.0,
      wide / macs,
    ]
  )


def _places(nodes, kinds) -> np.ndarray:
  """Where on the way from the image to the last resolution work is done."""
  wide = nodes.live & (nodes.size > 1)
  levels = 0.5 * np.log2(nodes.image / nodes.size)
  last = max(levels[wide].max(initial=0.0), 1e-6)
  convs = kinds["conv"]
  if not convs.any():
    return np.zeros(6)
  place = levels[convs] / last
  params, macs = nodes.params[convs] + 1e-9, nodes.macs[convs] + 1e-9
  centre = np.average(place, weights=macs)
  return np.array(
    [
      len(np.unique(np.round(levels[convs]))),
      np.average(place, weights=params),
      centre,
      place.mean(),
      np.sqrt(np.average((place - centre) ** 2, weights=macs)),
      np.log1p(nodes.size[convs].min()),
    ]
  )


def _channels(nodes, kinds) -> np.ndarray:
  """Channels of convolutions, first to last, and by thirds of the depth."""
  chosen = kinds["conv"] & ~kinds["depthwise"]
  found = nodes.channels[chosen]
  if not len(found):
    return np.zeros(12)
  levels = 0.5 * np.log2(nodes.image / nodes.size[chosen])
  last = max(levels.max(), 1e-6)
  third = np.clip((3 * levels / last).astype(int), 0, 2)
  logs = np.log(found)
  mean = logs.mean()
  by_third = [
    logs[third == each].mean() if (third == each).any() else mean
    for each in range(3)
  ]
  numbers = np.log1p(np.bincount(third, minlength=3))
  return np.array(
    [
      logs[0],
      logs[-1],
      logs.max(),
      mean,
      np.log(found.sum()),
      logs[-1] - logs[0],
      *by_third,
      *numbers,
    ]
  )
