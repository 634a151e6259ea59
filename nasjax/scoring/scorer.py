"""Scoring on the host side: distinct cells, chunks, devices, and back."""

from collections.abc import Callable, Sequence
from typing import Any

import flax.linen as nn
import jax
import numpy as np
from jax.sharding import Mesh

from nasjax import compiler, errors
from nasjax.scoring import chunks, compiled, precisions, sharding, sharing
from nasjax.spaces import base as spaces_base
from nasjax.spaces import registry as spaces


@compiler.own_numbers()
def score(
  model: nn.Module,
  params: Any,
  space: str | spaces_base.Space,
  genotypes: np.ndarray,
  *,
  prune: bool = True,
  chunk: int | None = None,
  memory_mb: float | None = None,
  precision: str = precisions.DEFAULT,
  share: bool = True,
  devices: Sequence[Any] | None = None,
) -> np.ndarray:
  """Scores architectures with every member in one compiled call.

  Cells with the same input to the model are scored once. Shapes are padded to
  powers of two, so few are ever compiled; the padding is not computed.

  Args:
    model: a module for one architecture.
    params: parameters with a leading axis `R` on every leaf.
    space: the space of the genotypes, or its name.
    genotypes: valid cells `[n, G]`.
    prune: whether dead nodes are removed.
    chunk: architectures in flight on a device; automatic where None.
    memory_mb: memory budget of a device in MiB; what is fast where None.
    precision: `float32`, or `bfloat16` where the device computes in it.
    share: whether equal cells are scored once; the scores are the same.
    devices: devices of this process that share the work; all where None.

  Returns:
    Raw scores `[R, n]` float32.

  Raises:
    UserError: the precision or a size is bad.
  """
  precisions.check(precision)
  _check_reads(model)
  space = spaces.as_space(space)
  if chunk is not None and chunk < 1:
    raise errors.UserError(f"chunk: expected at least 1, got {chunk}")
  if not len(genotypes):
    return np.zeros((_num_members(params), 0), np.float32)
  mesh = sharding.device_mesh(devices)
  if chunk is None:
    budget = {"memory_mb": memory_mb, "num_devices": mesh.size}
    shapes = chunks.member_shapes(params)
    chunk = chunks.automatic_chunk(
      model, space, prune=prune, shapes=shapes, **budget
    )
  rows, place = np.ascontiguousarray(genotypes, np.int8), slice(None)
  if share:
    rows = sharing.canonical(model, space, rows, prune=prune)
    first, place = sharing.distinct_rows(rows)
    rows = rows[first]
  score_fn = compiled.make_score_fn(
    model, space, prune, precision, mesh if mesh.size > 1 else None
  )
  scores = _run(score_fn, mesh, params, rows, len(genotypes), chunk)
  return scores[:, place]


def _check_reads(model: nn.Module) -> None:
  if not hasattr(type(model), "reads"):
    raise errors.UserError(
      "model: expected a module with a property `reads`, a "
      "nasjax.features.reads.Reads that says what it reads of a cell, got "
      f"{type(model).__name__}"
    )


def _num_members(params: Any) -> int:
  return jax.tree.leaves(params)[0].shape[0]


def _run(
  score_fn: Callable[..., jax.Array],
  mesh: Mesh,
  params: Any,
  rows: np.ndarray,
  room: int,
  chunk: int,
) -> np.ndarray:
  """Calls the compiled scorer on rows `[u, G]`; returns scores `[R, u]`."""
  blocks, counts = _blocks(rows, room, mesh.size, chunk)
  scores = score_fn(*_place(mesh, params, blocks, counts))
  flat = np.moveaxis(np.asarray(scores), 2, 0).reshape(_num_members(params), -1)
  return flat[:, _positions(len(rows), counts, blocks.shape)]


def _blocks(
  rows: np.ndarray, room: int, num_devices: int, chunk: int
) -> tuple[np.ndarray, np.ndarray]:
  """Lays `[u, G]` rows out over devices and chunks.

  Args:
    rows: what is scored.
    room: architectures that the shape must hold, `>= u`: the shape depends on
      it and not on how many of them are distinct.
    num_devices: `D`.
    chunk: largest `c`.

  Returns:
    Genotypes `[D, C, c, G]` with chunks dealt to the devices in turn, and the
    number of chunks of each device that hold rows, `[D]` int32.
  """
  share = -(-room // num_devices)
  chunk = min(chunk, 1 << (share - 1).bit_length())
  depth = 1 << (-(-share // chunk) - 1).bit_length()
  used = -(-len(rows) // chunk)
  blocks = np.empty((depth * num_devices * chunk, rows.shape[1]), np.int8)
  blocks[: len(rows)] = rows
  blocks[len(rows) :] = rows[-1]
  shape = (depth, num_devices, chunk, rows.shape[1])
  counts = (used - np.arange(num_devices) + num_devices - 1) // num_devices
  return blocks.reshape(shape).swapaxes(0, 1), counts.astype(np.int32)


def _positions(
  num: int, counts: np.ndarray, shape: Sequence[int]
) -> np.ndarray:
  """Where row i of `[u]` lies in the flattened `[D, C, c]`, `[u]`."""
  num_devices, depth, chunk = shape[:3]
  block, offset = np.divmod(np.arange(num), chunk)
  layer, device = np.divmod(block, num_devices)
  assert np.all(layer < counts[device])
  return (device * depth + layer) * chunk + offset


def _place(mesh: Mesh, params: Any, blocks: np.ndarray, counts: np.ndarray):
  """Puts the arguments where the compiled program wants them."""
  if mesh.size == 1:
    device = mesh.devices.item()
    return jax.device_put((params, blocks, counts), device)
  split = sharding.split_leading(mesh)
  return (
    jax.device_put(params, sharding.replicated(mesh)),
    jax.device_put(blocks, split),
    jax.device_put(counts, split),
  )
