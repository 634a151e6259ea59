"""Rankings of networks of any kind, by the predictor that comes with nasjax.

Dimensions: `n` networks, `c` clusters of the networks that were learnt from.
"""

import collections
import dataclasses
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from nasjax import computation, errors
from nasjax.computation import measures, onnx
from nasjax.computation.graph import ComputationGraph
from nasjax.computation.notes import notes_of
from nasjax.predictors import network_labels
from nasjax.systems.gennape import ranker

FAR = 1.0
"""Novelty above which a network is unlike those that were learnt from."""

_DIGITS = 9
_HEAD = ("rank", "score", "spread", "parameters", "multiply-adds", "novelty")
Shape = Sequence[int]


@dataclasses.dataclass(frozen=True, repr=False)
class NetworkRanking:
  """Scores of networks, in the order in which they were given.

  Attributes:
    names: of the networks.
    graphs: the networks.
    scores: higher = better, `[n]`; they compare networks of one task.
    spread: standard deviation between predictors that were learnt without one
      family each, `[n]`.
    membership: how much a network belongs to clusters of the networks that were
      learnt from, `[n, c]`, rows of sum 1.
    novelty: distance to the nearest of them, `[n]`; above 1 it is farther than
      95 % of them are from each other.
    notes: what speaks against the score of each network, in words.
  """

  names: tuple[str, ...]
  graphs: tuple[ComputationGraph, ...]
  scores: np.ndarray
  spread: np.ndarray
  membership: np.ndarray
  novelty: np.ndarray
  notes: tuple[tuple[str, ...], ...]

  @property
  def order(self) -> np.ndarray:
    """Places of the networks, the best first, `[n]`; equal ones as given.

    Scores of equal networks can differ by rounding, and count as equal.
    Networks whose output depends on no input come last, whatever the others
    score.
    """
    is_dead = self.scores == ranker.DEAD
    return np.lexsort((-np.round(self.scores, _DIGITS), is_dead))

  @property
  def params(self) -> np.ndarray:
    """Trainable parameters, `[n]` int64."""
    return np.array([graph.params for graph in self.graphs], np.int64)

  @property
  def macs(self) -> np.ndarray:
    """Multiply-adds for one input, `[n]` int64."""
    return np.array([graph.macs for graph in self.graphs], np.int64)

  def __repr__(self) -> str:
    """A table, the best network first."""
    rows: list[tuple[str, ...]] = [_HEAD]
    order = self.order.tolist()
    for place, number in enumerate(order):
      rows.append(
        (
          str(place + 1),
          f"{self.scores[number]:.2f}",
          f"{self.spread[number]:.2f}",
          f"{self.params[number]:,}",
          f"{self.macs[number]:,}",
          f"{self.novelty[number]:.1f}",
        )
      )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    names = ["model", *(self.names[number] for number in order)]
    lines = []
    for row, name in zip(rows, names, strict=True):
      cells = [cell.rjust(w) for cell, w in zip(row, widths, strict=True)]
      lines.append("  ".join([*cells, name]))
    return "\n".join(lines)


def rank(
  networks: Iterable[Any] | Mapping[str, Any],
  *,
  shape: Shape | None = None,
  labelled: Iterable[Any] = (),
  values: Sequence[float] = (),
  checkpoint: os.PathLike[str] | str | None = None,
) -> NetworkRanking:
  """Ranks networks by the accuracy that is to be expected after training.

  Nothing is trained or computed: networks are read as computation graphs, and a
  predictor scores these that was learnt from nine families of image
  classifiers.

  Args:
    networks: names of ONNX files, `computation.ComputationGraph`s, Flax modules
      (linen or NNX) and JAX functions, mixed; each alone or as a pair
      `(network, shape)`. A mapping gives them names.
    shape: shape of one input without the batch, channels last, such as
      `(32, 32, 3)`, of all networks without a shape of their own; of ONNX files
      it fills extents that are open.
    labelled: networks that you have trained, given like `networks`. The
      predictor is adapted to them (`network_labels`), so that scores are in the
      unit of their labels.
    values: the labels, one for each of `labelled`; higher = better.
    checkpoint: workdir of a training of `configs/gennape/custom.py`, whose
      labelled networks take the place of `labelled` and `values`.

  Raises:
    UserError: there is no network, one cannot be read, its shape is missing, or
      the labels or the checkpoint do not fit.
  """
  named = dict(networks) if isinstance(networks, Mapping) else None
  entries = _listed(networks)
  if not entries:
    raise errors.UserError("rank: expected at least one network, got none")
  asked = _listed(labelled)
  adapted = network_labels.read(asked, values, checkpoint)
  pairs = [_pair(entry, shape) for entry in entries]
  graphs = tuple(graph_of(*pair) for pair in pairs)
  names = [_name(*each) for each in zip(pairs, graphs, strict=True)]
  ranking = score(graphs, _apart(list(named) if named is not None else names))
  if asked:
    trained = [graph_of(*_pair(entry, shape)) for entry in asked]
    adapted = network_labels.adapted(trained, values)
  if adapted is None:
    return ranking
  found = measures.of_graphs(graphs)
  return dataclasses.replace(
    ranking, scores=adapted.scores(found), spread=adapted.spread(found)
  )


def score(
  graphs: Sequence[ComputationGraph], names: Sequence[str]
) -> NetworkRanking:
  """Ranks computation graphs.

  Args:
    graphs: the networks.
    names: a name for each.
  """
  found = ranker.load().score(graphs)
  notes = tuple(
    _notes(graph, float(value), float(novelty))
    for graph, value, novelty in zip(
      graphs, found.scores, found.novelty, strict=True
    )
  )
  return NetworkRanking(
    tuple(names),
    tuple(graphs),
    found.scores,
    found.spread,
    found.membership,
    found.novelty,
    notes,
  )


def _listed(networks: Any) -> list[Any]:
  """The networks of a list or of a mapping."""
  if isinstance(networks, Mapping):
    return list(networks.values())
  single = isinstance(networks, str | os.PathLike | ComputationGraph)
  if single or not isinstance(networks, Iterable) or callable(networks):
    raise errors.UserError(
      f"rank: expected a list of networks, got {errors.quote(networks)}; put "
      "it in a list"
    )
  return list(networks)


def _pair(entry: Any, shape: Shape | None) -> tuple[Any, Shape | None, bool]:
  """A network, its shape, and whether the shape is its own."""
  if isinstance(entry, tuple) and len(entry) == 2:
    return entry[0], _checked(entry[1]), True
  return entry, None if shape is None else _checked(shape), False


def _checked(shape: Any) -> Shape:
  extents = shape.tolist() if isinstance(shape, np.ndarray) else shape
  if (
    isinstance(extents, list | tuple)
    and extents
    and all(isinstance(e, int | np.integer) and e > 0 for e in extents)
    and not (len(extents) == 4 and extents[0] == 1)  # an image and its batch
  ):
    return tuple(map(int, extents))
  raise errors.UserError(
    "rank: expected the shape of one input without the batch, such as "
    f"(32, 32, 3), got {errors.quote(shape)}"
  )


def graph_of(
  network: Any, shape: Shape | None, own: bool = False
) -> ComputationGraph:
  """Returns the computation graph of a network.

  Args:
    network: one of what `rank` takes.
    shape: shape of one input without the batch, channels last.
    own: whether the shape is that of this network, so that it has to fit; else
      an ONNX file without open extents keeps its own.

  Raises:
    UserError: the network cannot be read, or its shape is missing.
  """
  if isinstance(network, ComputationGraph):
    return network
  if isinstance(network, str | os.PathLike):
    graph = onnx.from_onnx(network, shape if own else None)
    is_open = any(
      0 in node.shape for node in graph.nodes if node.operator == "input"
    )
    filled = shape is not None and not own and is_open
    return onnx.from_onnx(network, shape) if filled else graph
  is_module = _is_flax(network)
  is_call = callable(network) and not isinstance(network, type)
  if not is_module and not is_call:
    raise errors.UserError(
      "rank: expected the name of an ONNX file, a ComputationGraph, a Flax "
      f"module or a function, got {errors.quote(network)}"
    )
  if shape is None:
    raise errors.UserError(
      f"rank: expected the shape of one input of {errors.quote(network)}, got "
      "none; give (network, (32, 32, 3)) or shape=(32, 32, 3)"
    )
  source = computation.from_flax if is_module else computation.from_jax
  return source(network, (1, *shape))


def _is_flax(network: Any) -> bool:
  """Whether a network is a Flax module; imports Flax if that is possible."""
  kinds = type.mro(type(network))  # of a class itself, too
  modules = {each.__module__.partition(".")[0] for each in kinds}
  if "flax" not in modules:
    return False
  import flax.linen as nn
  from flax import nnx

  return isinstance(network, nn.Module | nnx.Module)


def _name(pair: tuple[Any, Any, bool], graph: ComputationGraph) -> str:
  network = pair[0]
  if isinstance(network, str | os.PathLike):
    return os.fspath(network)
  return graph.name or "network"


def _apart(names: Sequence[str]) -> list[str]:
  """Numbers names that occur more than once."""
  total = collections.Counter(names)
  seen: collections.Counter[str] = collections.Counter()
  found = []
  for name in names:
    seen[name] += 1
    found.append(f"{name} ({seen[name]})" if total[name] > 1 else name)
  return found


def _notes(
  graph: ComputationGraph, value: float, novelty: float
) -> tuple[str, ...]:
  """What speaks against the score of a network."""
  notes = notes_of(graph)
  if value == ranker.DEAD:
    notes.append("its output depends on no input")
  elif novelty > FAR:
    notes.append("unlike the networks that were learnt from (novelty above 1)")
  return tuple(notes)
