"""Distances of candidates to the cells of a search, each computed once.

Dimensions: `m` candidates, `n` cells, `F` features.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from nasjax import compiler
from nasjax.regression import layer

_COLUMNS = 8
_ROWS = 4096
MOST_BYTES = 1 << 30
"""Memory of distances beyond which those of former searches are forgotten."""


def between(
  features: np.ndarray, cells: np.ndarray, power: float
) -> np.ndarray:
  """Mean powers of differences, features `[m, F]` and `[n, F]` to `[m, n]`."""
  turned, num = _turn(features), len(features)
  parts = [
    _columns(turned, cells[start : start + _COLUMNS], power)[:, :num]
    for start in range(0, len(cells), _COLUMNS)
  ]
  empty = np.zeros((0, num), np.float32)
  return np.concatenate([empty, *parts]).T


def _turn(features: np.ndarray) -> jax.Array:
  """Features `[m, F]` as `[F, m]`, padded so that few shapes are compiled."""
  num, width = features.shape
  padded = np.zeros((width, -(-num // _ROWS) * _ROWS), np.float32)
  padded[:, :num] = features.T
  return jnp.asarray(padded)


def _columns(turned: jax.Array, cells: np.ndarray, power: float) -> np.ndarray:
  """Distances of candidates `[F, m]` to at most 8 cells, `[n, m]`."""
  padded = np.resize(cells, (_COLUMNS, cells.shape[1]))
  return np.asarray(_distances(turned, padded, power))[: len(cells)]


@compiler.own_numbers()
def _distances(turned: jax.Array, cells: np.ndarray, power: float) -> jax.Array:
  return _program()(turned, jnp.asarray(cells), power)


@functools.cache
def _program():
  return compiler.jit(_compute, static_argnums=2)


def _compute(turned: jax.Array, cells: jax.Array, power: float) -> jax.Array:
  def of_cell(cell):
    def add(total, column):
      own, others = column
      return total + layer.raised(jnp.abs(others - own), power), None

    start = jnp.zeros(turned.shape[1], turned.dtype)
    total, _ = jax.lax.scan(add, start, (cell, turned))
    return total / turned.shape[0]

  return jax.lax.map(of_cell, cells)


class Kept:
  """The distances of one set of candidates, with a memory.

  A search asks for the cells that it asked for before, and a few more.
  """

  def __init__(self, features: np.ndarray, power: float):
    """Keeps features `[m, F]` float32 of the candidates, and the power."""
    self._turned, self._num = _turn(features), len(features)
    self._power = power
    self._places: dict[bytes, int] = {}
    self._known = np.zeros((0, len(features)), np.float32)

  def to(self, cells: np.ndarray) -> np.ndarray:
    """Distances to cells, features `[n, F]` float32: `[m, n]` float32."""
    keys = [row.tobytes() for row in np.ascontiguousarray(cells)]
    asked = list(dict.fromkeys(keys))
    new = [key for key in asked if key not in self._places]
    num_features = self._turned.shape[0]
    if 4 * self._num * (len(self._places) + len(new)) > MOST_BYTES:
      self._places, new = {}, asked
    if new:
      rows = np.frombuffer(b"".join(new), np.float32).reshape(-1, num_features)
      self._extend(new, rows)
    places = np.array([self._places[key] for key in keys], int)
    if np.array_equal(places, np.arange(len(places))):
      return self._known[: len(places)].T
    return self._known[places].T

  def _extend(self, keys: list[bytes], rows: np.ndarray) -> None:
    held = len(self._places)
    room = held + len(keys)
    if room > len(self._known):
      grown = np.empty((2 * room, self._num), np.float32)
      grown[:held] = self._known[:held]
      self._known = grown
    for start in range(0, len(keys), _COLUMNS):
      part = _columns(self._turned, rows[start : start + _COLUMNS], self._power)
      place = slice(held + start, held + start + len(part))
      self._known[place] = part[:, : self._num]
    for offset, key in enumerate(keys):
      self._places[key] = held + offset
