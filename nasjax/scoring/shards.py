"""A space scored in shards that several processes write and anyone merges.

Dimensions: `n` architectures, `s` shards.
"""

import hashlib
import pathlib
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from nasjax import errors, files, progress
from nasjax.io import replacing

ScoreFn = Callable[[np.ndarray], np.ndarray]
MERGED = "scores.npz"


def digest(params: Any, *parts: Any) -> str:
  """Hex sha256 of parameters and of everything else that decides the scores.

  Args:
    params: a pytree of arrays.
    *parts: arrays, or values with a `repr` that identifies them.
  """
  state = hashlib.sha256()
  for leaf in [*jax.tree.leaves(params), *parts]:
    if isinstance(leaf, (np.ndarray, jax.Array)):
      array = np.ascontiguousarray(leaf)
      state.update(f"{array.dtype.str}{array.shape}".encode())
      state.update(array.tobytes())
    else:
      state.update(repr(leaf).encode())
  return state.hexdigest()


def bounds(num: int, num_shards: int, index: int) -> tuple[int, int]:
  """First row of a shard, and the row after its last; sizes differ by one."""
  return num * index // num_shards, num * (index + 1) // num_shards


def shard_path(
  folder: files.PathLike, index: int, num_shards: int
) -> pathlib.Path:
  """The file of one shard."""
  return files.expand(folder) / f"shard-{index:05d}-of-{num_shards:05d}.npz"


def check_folder(folder: files.PathLike) -> None:
  """Refuses a folder whose `scores.npz` is another program's.

  Raises:
    UserError: it is not what `merge` wrote.
  """
  replacing.check_file(
    files.expand(folder) / MERGED,
    replacing.has_arrays("genotypes", "scores", "digest"),
    "the merged scores of a space",
  )


def _read(path: pathlib.Path, identity: str, size: int) -> np.ndarray | None:
  """Returns the scores of a complete shard; None where it must be scored.

  Raises:
    UserError: the file belongs to another scoring.
  """
  try:
    shard = files.load_npz(path)
  except errors.UserError:  # missing or damaged
    return None
  scores, found = shard.get("scores"), shard.get("digest")
  if found is not None and str(found) != identity:
    raise errors.UserError(
      f"{errors.quote(str(path))} was scored with other parameters, genotypes "
      "or options: give --out another folder, or delete this one"
    )
  if found is None or scores is None or scores.dtype != np.float64:
    return None
  return scores if scores.shape == (size,) else None


def write_shards(
  score_fn: ScoreFn,
  genotypes: np.ndarray,
  folder: files.PathLike,
  identity: str,
  *,
  num_shards: int,
  process_id: int = 0,
  num_processes: int = 1,
) -> int:
  """Scores the shards of one process and writes each when it is done.

  Shard i belongs to process `i % num_processes`. Complete shards of an earlier
  run are kept; a damaged one is scored again.

  Args:
    score_fn: maps genotypes `[k, G]` to scores `[k]`.
    genotypes: the whole list, `[n, G]`, the same in every process.
    folder: where the shards are written; shared by the processes.
    identity: `digest` of all that decides the scores.
    num_shards: `s`.
    process_id: which process this is.
    num_processes: how many there are.

  Returns:
    How many shards were scored now.

  Raises:
    UserError: the folder holds another scoring, or cannot be written.
  """
  scored = 0
  mine = range(process_id, num_shards, num_processes)
  with (
    errors.resuming(lambda: "the same command goes on after the last shard"),
    progress.Progress(
      "scoring", len(mine), unit="shards", first="shard 1, compiling"
    ) as bar,
  ):
    for index in mine:
      start, stop = bounds(len(genotypes), num_shards, index)
      path = shard_path(folder, index, num_shards)
      if _read(path, identity, stop - start) is not None:
        bar.skip(1)
        continue
      scores = np.asarray(score_fn(genotypes[start:stop]), np.float64)
      files.save_npz(path, scores=scores, digest=np.array(identity))
      scored += 1
      bar.update()
  return scored


def merge(
  folder: files.PathLike,
  genotypes: np.ndarray,
  identity: str,
  *,
  num_shards: int,
) -> np.ndarray | None:
  """Joins the shards once all of them are complete.

  Every process may call it when its own shards are done: the last one finds
  them all. The file is replaced in one step, and its content does not depend
  on who writes it.

  Args:
    folder: where the shards are.
    genotypes: the whole list, `[n, G]`.
    identity: `digest` that every shard must carry.
    num_shards: `s`.

  Returns:
    Scores `[n]` float64, or None while shards are missing. `scores.npz` in the
    folder then holds `genotypes`, `scores` and `digest`.

  Raises:
    UserError: a shard belongs to another scoring.
  """
  check_folder(folder)
  parts = []
  for index in range(num_shards):
    start, stop = bounds(len(genotypes), num_shards, index)
    path = shard_path(folder, index, num_shards)
    part = _read(path, identity, stop - start)
    if part is None:
      return None
    parts.append(part)
  scores = np.concatenate(parts)
  files.save_npz(
    files.expand(folder) / MERGED,
    genotypes=genotypes,
    scores=scores,
    digest=np.array(identity),
  )
  return scores
