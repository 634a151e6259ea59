"""Digests of parameters, by which damaged models and checkpoints are found."""

import hashlib
import json
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np


def of_tree(tree: Any, description: Any = None) -> str:
  """Returns the hex sha256 of arrays, whatever files they are kept in.

  Args:
    tree: a pytree of arrays or typed keys; names, types, shapes and bytes of
      its leaves enter.
    description: JSON values that enter as well.
  """
  found = hashlib.sha256()
  for path, leaf in jax.tree_util.tree_flatten_with_path(tree)[0]:
    array = _on_host(leaf)
    name = "/".join(map(_name, path))
    found.update(f"{name}:{array.dtype.str}:{array.shape};".encode())
    found.update(array.tobytes())
  found.update(json.dumps(description, sort_keys=True).encode())
  return found.hexdigest()


def _on_host(leaf: Any) -> np.ndarray:
  is_array = isinstance(leaf, jax.Array)
  if is_array and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
    leaf = jax.random.key_data(leaf)
  return np.ascontiguousarray(leaf)


def _name(entry: Any) -> str:
  """The key, field or index of a step into a pytree."""
  for attribute in ("key", "name", "idx"):
    if hasattr(entry, attribute):
      return str(getattr(entry, attribute))
  return str(entry)
