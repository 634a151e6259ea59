"""The compiled program that measures a chunk of networks.

Dimensions: `S` seeds, `G` integers of a genotype, `K` networks of a chunk.
"""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from nasjax import compiler, graphs, progress
from nasjax.features import cell_signals
from nasjax.proxies import kept
from nasjax.proxies import network as networks
from nasjax.proxies.batches import Batches
from nasjax.proxies.registry import PROXIES
from nasjax.proxies.skeletons import Skeleton
from nasjax.proxies.subject import Subject
from nasjax.spaces import base as spaces_base

CHUNK = 64
"""Networks of a chunk; a skeleton may have fewer of them measured at once."""


class Setting(NamedTuple):
  """What networks of a measurement share."""

  space: spaces_base.Space
  skeleton: Skeleton
  seeds: tuple[int, ...]
  batches: Batches


def make_network(
  space: spaces_base.Space, skeleton: Skeleton
) -> networks.Network:
  """Returns the networks of a space."""
  size = space.num_nodes // space.num_cells
  return networks.Network(
    tuple(space.operator_names), size, space.num_cells, skeleton
  )


@functools.lru_cache(maxsize=8)
def get(space: spaces_base.Space, skeleton: Skeleton, names: tuple[str, ...]):
  """Returns the program: the same arguments return the same one.

  It maps seeds `[S]`, images `[S, C, H, W, B]`, labels `[S, B]`, genotypes
  `[K, G]` and how many of these count to what proxies compute,
  `[K, S, ...]` each.
  """
  network = make_network(space, skeleton)
  ordered = space.functions() is not None

  def measure(keys, params, images, labels, graph):
    subject = Subject(network, params, images, labels, graph, keys)
    return {name: _compute(name, subject) for name in names}

  def one(seeds, params, images, labels, genotype):
    graph = _graph(space, genotype, ordered)
    keys = jax.vmap(jax.random.key)(seeds)
    return jax.vmap(measure, (0, 0, 0, 0, None))(
      keys, params, images, labels, graph
    )

  def chunk(seeds, images, labels, genotypes, count):
    params = jax.vmap(lambda seed: network.init(jax.random.key(seed)))(seeds)

    def compute(genotype):
      return one(seeds, params, images, labels, genotype)

    shapes = jax.eval_shape(compute, genotypes[0])

    def step(slot):
      number, genotype = slot
      return jax.lax.cond(
        number < count,
        compute,
        lambda _: jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), shapes),
        genotype,
      )

    return jax.lax.map(step, (jnp.arange(CHUNK), genotypes))

  return compiler.jit(chunk, light=True)


def _compute(name: str, subject: Subject) -> jax.Array:
  compute = PROXIES[name].compute
  assert compute is not None
  return compute(subject)


def _graph(space, genotype: jax.Array, ordered: bool) -> networks.Graph:
  """Graph of one genotype `[G]`, dead nodes removed, cell by cell.

  Nodes of spaces without functions are numbered by their place, so that
  isomorphic cells have one score.
  """
  cells = graphs.build(space.encode(genotype[None]), prune=True)
  size = space.num_nodes // space.num_cells
  found = []
  for start in range(0, space.num_nodes, size):
    own = slice(start, start + size)
    parts = cells.ops[0, own], cells.adjacency[0, own, own], cells.mask[0, own]
    if not ordered:
      parts = cell_signals.in_order(*parts, space.max_hops)
    found.append(parts)
  return networks.Graph(*(jnp.stack(each) for each in zip(*found, strict=True)))


def run(
  setting: Setting,
  names: tuple[str, ...],
  genotypes: np.ndarray,
  bar: progress.Progress,
) -> dict[str, np.ndarray]:
  """What proxies compute of networks `[m, G]`, `[m, S, ...]` float32 each.

  Parts that an interrupted run with the same arguments has finished are read;
  when all are done, none is left on disk.

  Args:
    setting: their space, skeleton, seeds and images.
    names: names of proxies.
    genotypes: the cells, `[m, G]`, at least one.
    bar: counts networks.
  """
  step = min(CHUNK, setting.skeleton.step)
  starts = range(0, len(genotypes), step)
  parts = _parts(setting, names, genotypes, starts)
  found = {} if parts is None else parts.read()
  bar.resume(sum(len(part[names[0]]) for part in found.values()))
  for start in starts:
    if start not in found:
      found[start] = _measure(setting, names, genotypes[start : start + step])
      if parts is not None:
        parts.write(start, found[start])
      bar.update(len(genotypes[start : start + step]))
  if parts is not None:
    parts.remove()
  return {
    name: np.concatenate([found[start][name] for start in starts])
    for name in names
  }


def _parts(
  setting: Setting,
  names: tuple[str, ...],
  genotypes: np.ndarray,
  starts: range,
) -> kept.Parts | None:
  """What is kept of a measurement; None where it is a single part."""
  if len(starts) < 2:
    return None
  space, batches = setting.space, setting.batches
  how = setting.skeleton, setting.seeds, names, starts
  images = batches.images, batches.labels
  key = kept.key_of(space, genotypes, *how, *images)
  return kept.Parts(space.name, key, starts)


def _measure(
  setting: Setting, names: tuple[str, ...], genotypes: np.ndarray
) -> dict[str, np.ndarray]:
  """Runs the program on at most `CHUNK` networks."""
  program = get(setting.space, setting.skeleton, names)
  batches = setting.batches
  fixed = np.array(setting.seeds, np.uint32), batches.images, batches.labels
  number = len(genotypes)
  padded = genotypes[np.minimum(np.arange(CHUNK), number - 1)]
  found = program(*fixed, padded, number)
  return {name: np.asarray(found[name])[:number] for name in names}
