"""Moves between NAS-Bench-101 cells, and children of two of them.

A move changes one decision of a cell and prunes what it leaves dead:

* it flips one edge between two vertices,
* it changes the operation of one inner vertex, or
* in a cell of fewer than 7 vertices, it adds a vertex with one edge in and
  one edge out. That undoes the flips which make such a vertex dead; without
  it, moves could only ever shrink a cell.

Dimensions: `n` cells; genotypes are `[n, 26]` int8 and valid.
"""

import numpy as np

from nasjax.spaces import nb101_enumerate as enumeration
from nasjax.spaces import nb101_modelspec as modelspec

_NUM_OPS = len(modelspec.OP_NAMES)
_FLIPS = modelspec.NUM_EDGE_BITS
_CHANGES = modelspec.MAX_INNER * (_NUM_OPS - 1)
_ADDITIONS = modelspec.NUM_EDGE_BITS * _NUM_OPS
NUM_MOVES = _FLIPS + _CHANGES + _ADDITIONS
_CROSSOVER_TRIES = 20


def sample_valid(num: int, rng: np.random.Generator) -> np.ndarray:
  """Draws valid cells without enumerating the space.

  Draws edges and operations of seven vertices uniformly, prunes, and keeps
  what is in the space. This is not uniform: cells that many matrices
  stand for come more often.

  Args:
    num: how many.
    rng: generator of the draws.

  Returns:
    `[num, 26]` int8.
  """
  found, missing = [], num
  while missing > 0:
    size = 4 * missing + 16
    bits = rng.integers(0, 2, (size, modelspec.NUM_EDGE_BITS), np.int8)
    ops = rng.integers(0, _NUM_OPS, (size, modelspec.MAX_INNER), np.int8)
    genotypes, valid = _pruned(
      *modelspec.to_matrix(np.concatenate([bits, ops], 1))
    )
    found.append(genotypes[valid][:missing])
    missing -= len(found[-1])
  empty = np.zeros((0, modelspec.GENOTYPE_LENGTH), np.int8)
  return np.concatenate([empty, *found])


def mutate(genotypes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
  """Makes one move in each cell, uniformly among edges, changes and places.

  Draws again until the child is valid and not isomorphic to its parent.

  Args:
    genotypes: `[n, 26]`.
    rng: generator of the draws.

  Returns:
    `[n, 26]` int8; row i is in `neighbours(genotypes[i])` up to isomorphism.
  """
  children = genotypes.copy()
  hashes = enumeration.fingerprint(*modelspec.to_matrix(genotypes))
  waiting = np.arange(len(genotypes))
  while waiting.size:
    moves = rng.integers(0, 2 * _FLIPS + _CHANGES, waiting.size)
    ops = rng.integers(0, _NUM_OPS, waiting.size)
    added = moves - _FLIPS - _CHANGES
    moves = np.where(added >= 0, moves + added * (_NUM_OPS - 1) + ops, moves)
    moved, valid, keys = _moved(genotypes[waiting], moves)
    done = valid & (keys != hashes[waiting])
    children[waiting[done]] = moved[done]
    waiting = waiting[~done]
  return children


def neighbours(genotype: np.ndarray) -> np.ndarray:
  """Returns the cells one move away from `[26]`, `[k, 26]` int8.

  Isomorphic cells are given once, and the cell itself is not. Edges are
  flipped along the given order of vertices only.
  """
  batch = np.repeat(genotype[None], NUM_MOVES, axis=0)
  moved, valid, keys = _moved(batch, np.arange(NUM_MOVES))
  itself = enumeration.fingerprint(*modelspec.to_matrix(genotype[None]))[0]
  valid &= keys != itself
  _, first = np.unique(keys[valid], return_index=True)
  return moved[valid][np.sort(first)]


def crossover(
  first: np.ndarray, second: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
  """Takes each edge and operation from either parent, by a fair coin.

  Parents are laid out on seven vertices, inputs and outputs over each other;
  a vertex that only one parent has takes its operation. Where 20 draws give
  no valid child, the first parent is returned.

  Args:
    first: `[n, 26]`.
    second: `[n, 26]`.
    rng: generator of the draws.

  Returns:
    `[n, 26]` int8.
  """
  children = first.copy()
  layouts = _output_last(first), _output_last(second)
  waiting = np.arange(len(first))
  for _ in range(_CROSSOVER_TRIES):
    mixed = _mixed(layouts[0][waiting], layouts[1][waiting], rng)
    moved, valid = _pruned(*mixed)
    children[waiting[valid]] = moved[valid]
    waiting = waiting[~valid]
  return children


def _pruned(adjacency, ops):
  """Returns pruned genotypes `[n, 26]`, and which are in the space `[n]`."""
  adjacency, ops = modelspec.prune(adjacency, ops)
  genotypes = modelspec.from_matrix(adjacency, ops)
  return genotypes, modelspec.in_domain(adjacency, ops)


def _moved(genotypes, moves):
  """Applies move i to cell i: genotypes, validity and fingerprints."""
  adjacency, ops = modelspec.to_matrix(genotypes)
  possible = _flip(adjacency, ops, moves)
  possible &= _change(ops, moves - _FLIPS)
  grown, fits = _add(adjacency, ops, moves - _FLIPS - _CHANGES)
  adjacency, ops = modelspec.prune(*grown)
  valid = modelspec.in_domain(adjacency, ops)
  moved = modelspec.from_matrix(adjacency, ops)
  keys = enumeration.fingerprint(adjacency, ops)
  return moved, valid & possible & fits, keys


def _flip(adjacency, ops, moves):
  """Flips edge `moves[i] < 21` of cell i in place; says where it can be."""
  rows = np.flatnonzero(moves < _FLIPS)
  x, y = modelspec.SOURCES[moves[rows]], modelspec.TARGETS[moves[rows]]
  adjacency[rows, x, y] ^= 1
  possible = np.ones(len(moves), bool)
  possible[rows] = ops[rows, y] != modelspec.PADDING
  return possible


def _change(ops, moves):
  """Changes an operation where `0 <= moves[i] < 10`, likewise in place."""
  rows = np.flatnonzero((moves >= 0) & (moves < _CHANGES))
  vertex, step = moves[rows] // (_NUM_OPS - 1), moves[rows] % (_NUM_OPS - 1)
  old = ops[rows, vertex + 1]
  possible = np.ones(len(moves), bool)
  possible[rows] = old >= 0
  ops[rows, vertex + 1] = np.where(old >= 0, (old + step + 1) % _NUM_OPS, old)
  return possible


def _add(adjacency, ops, moves):
  """Inserts a vertex between x and y, just before y, where `moves[i] >= 0`.

  Returns:
    The grown cells `[n, 7, 7]`, `[n, 7]`, and where they have room, `[n]`.
  """
  pair = np.maximum(moves, 0) // _NUM_OPS
  x, y = modelspec.SOURCES[pair], modelspec.TARGETS[pair]
  free = ops[:, -1] == modelspec.PADDING
  fits = free & (ops[np.arange(len(ops)), y] != modelspec.PADDING)
  rows = np.flatnonzero((moves >= 0) & fits)
  x, y = x[rows], y[rows]
  place = np.tile(np.arange(modelspec.MAX_VERTICES), (len(moves), 1))
  late = place[rows] > y[:, None]
  place[rows] -= late
  place[rows, y] = modelspec.MAX_VERTICES - 1
  every = np.arange(len(moves))[:, None]
  adjacency = adjacency[every[..., None], place[:, :, None], place[:, None]]
  ops = ops[every, place]
  ops[rows, y] = moves[rows] % _NUM_OPS
  adjacency[rows, x, y] = 1
  adjacency[rows, y, y + 1] = 1
  return (adjacency, ops), fits | (moves < 0)


def _output_last(genotypes):
  """Lays cells out with the output at vertex 6: `[n, 7, 8]`, ops last."""
  adjacency, ops = modelspec.to_matrix(genotypes)
  output = np.argmax(ops == modelspec.OUTPUT, axis=1)
  rows, last = np.arange(len(ops)), modelspec.MAX_VERTICES - 1
  into = adjacency[rows, :, output]
  adjacency[rows, :, output] = 0
  adjacency[:, :, last] = into
  ops[rows, output] = modelspec.PADDING
  ops[:, last] = modelspec.OUTPUT
  return np.concatenate([adjacency, ops[:, :, None]], 2)


def _mixed(first, second, rng):
  """Mixes two layouts entry by entry: adjacency and operations."""
  mixed = np.where(rng.random(first.shape) < 0.5, first, second)
  ops = mixed[:, :, -1]
  known = np.maximum(first[:, :, -1], second[:, :, -1])
  ops = np.where(ops == modelspec.PADDING, known, ops)
  return mixed[:, :, :-1], ops
