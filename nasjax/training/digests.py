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


def shapes(tree: Any) -> dict[str, list[int] | None]:
  """Returns the shape of each leaf that has one, by its name in `of_tree`.

  That of typed keys is None: files keep them as numbers of another shape.
  """
  return {
    "/".join(map(_name, path)): None if _is_key(leaf) else list(leaf.shape)
    for path, leaf in jax.tree_util.tree_flatten_with_path(tree)[0]
    if getattr(leaf, "shape", None) is not None
  }


def _is_key(leaf: Any) -> bool:
  dtype = getattr(leaf, "dtype", None)
  return dtype is not None and jnp.issubdtype(dtype, jax.dtypes.prng_key)


def _on_host(leaf: Any) -> np.ndarray:
  if isinstance(leaf, jax.Array) and _is_key(leaf):
    leaf = jax.random.key_data(leaf)
  return np.ascontiguousarray(leaf)


def _name(entry: Any) -> str:
  """The key, field or index of a step into a pytree."""
  for attribute in ("key", "name", "idx"):
    if hasattr(entry, attribute):
      return str(getattr(entry, attribute))
  return str(entry)
