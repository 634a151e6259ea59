"""Finished parts of a measurement, on disk until all of it is done.

Dimensions: `m` networks, `G` integers of a genotype.
"""

import contextlib
import hashlib
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np

from nasjax.io import cache
from nasjax.proxies import identity
from nasjax.spaces import base as spaces_base

FOLDER = "proxies"
"""Folder inside the cache folder."""
_ROOMS = ("proxies", "graphs", "features", "spaces", "operators", "compiler")

Raw = Mapping[str, np.ndarray]


def key_of(
  space: spaces_base.Space, genotypes: np.ndarray, *others: Any
) -> str:
  """Digest of all that decides what proxies compute of networks.

  Args:
    space: the space.
    genotypes: the networks, `[m, G]`.
    *others: arrays, or values whose `repr` says what they are.
  """
  devices = jax.devices()
  own = jax.__version__, devices[0].platform, devices[0].device_kind
  digest = hashlib.sha256(identity.of_cells(space, genotypes).encode())
  for each in (*own, identity.of_code(*_ROOMS), *others):
    is_array = isinstance(each, np.ndarray)
    digest.update(each.tobytes() if is_array else repr(each).encode())
  return digest.hexdigest()


class Parts:
  """What was measured of consecutive networks, a file for each part.

  A damaged part counts as missing, with a warning. Where nothing can be
  written, one warning says so.
  """

  def __init__(self, name: str, key: str, starts: Sequence[int]):
    """Looks at nothing yet.

    Args:
      name: start of the names of the files.
      key: what `key_of` returned.
      starts: first network of each part.
    """
    self._name, self._key, self._starts = name, key, tuple(starts)
    self._is_writable = True

  def _path(self, start: int) -> pathlib.Path:
    return cache.path_of(f"{self._name}-{start:08d}", self._key, FOLDER)

  def read(self) -> dict[int, Raw]:
    """Returns what is there, by the first network of the part."""
    found = {}
    for start in self._starts:
      part = cache.read(self._path(start))
      if part is not None:
        found[start] = part
    return found

  def write(self, start: int, part: Raw) -> None:
    """Keeps the part that begins with a network."""
    if self._is_writable:
      self._is_writable = cache.write(self._path(start), part)

  def remove(self) -> None:
    """Removes all parts."""
    for start in self._starts:
      with contextlib.suppress(OSError):
        self._path(start).unlink()
