"""Keeps the best architectures of a stream of scored samples.

Dimensions: `K` architectures that are kept, `G` integers of a genotype.
"""

import dataclasses
import math
from collections.abc import Callable

import numpy as np

from nasjax import errors, files, foreign, labels, progress
from nasjax.io import replacing
from nasjax.spaces import base as spaces_base

ScoreFn = Callable[[np.ndarray], np.ndarray]
BATCH_SIZE = 1 << 15


@dataclasses.dataclass(frozen=True)
class TopK:
  """The best architectures of a stream, and the moments of all scores.

  Attributes:
    genotypes: the best cells so far, best first, no two isomorphic, `[K, G]`
      int8 (fewer while fewer were seen).
    scores: their scores, `[K]` float64.
    num_scored: architectures seen.
    mean: mean score of all of them.
    squares: sum of the squared differences from the mean, in units of
      `2 ** power`.
    power: exponent that keeps `squares` finite in any unit of the scores.
  """

  genotypes: np.ndarray
  scores: np.ndarray
  num_scored: int
  mean: float
  squares: float
  power: int = 0

  @property
  def std(self) -> float:
    """Standard deviation of all scores; 0 of none."""
    std = math.sqrt(self.squares / max(1, self.num_scored))
    return math.ldexp(std, self.power)


def empty(space: spaces_base.Space) -> TopK:
  """Returns the state before the first architecture."""
  none = np.zeros((0, space.genotype_length), np.int8)
  return TopK(none, np.zeros(0), 0, 0.0, 0.0)


def push(
  best: TopK,
  space: spaces_base.Space,
  genotypes: np.ndarray,
  scores: np.ndarray,
  top_k: int,
) -> TopK:
  """Adds a batch.

  Args:
    best: the state so far.
    space: tells isomorphic cells by their fingerprint.
    genotypes: `[b, G]`, at least one.
    scores: `[b]`.
    top_k: `K`.

  Returns:
    The new state. Of isomorphic cells the best one stays, of equally good ones
    the one that was seen first.
  """
  candidates = np.arange(len(scores))
  if len(best.scores) == top_k:
    candidates = np.flatnonzero(scores > best.scores[-1])
  pool = np.concatenate([best.genotypes, genotypes[candidates]])
  values = np.concatenate([best.scores, scores[candidates]])
  order = np.argsort(-values, kind="stable")
  _, first = np.unique(space.fingerprint(pool[order]), return_index=True)
  kept = order[np.sort(first)[:top_k]]
  power = best.power
  if not best.num_scored:
    power = labels.exponent(float(np.abs(scores).max()))
  squares = float(np.ldexp(scores, -power).var() * len(scores))
  total = best.num_scored + len(scores)
  gap = float(scores.mean()) - best.mean
  squared_gap = math.ldexp(gap, -power) ** 2
  return TopK(
    genotypes=pool[kept],
    scores=values[kept],
    num_scored=total,
    mean=best.mean + gap * len(scores) / total,
    squares=best.squares
    + squares
    + squared_gap * best.num_scored * len(scores) / total,
    power=power,
  )


def save(path: files.PathLike, best: TopK, identity: str) -> None:
  """Writes a state to a file, atomically.

  Raises:
    UserError: a file of another kind has the name, or it cannot be written.
  """
  former = replacing.has_arrays("identity", "genotypes")
  replacing.check_file(path, former, "the state of a stream")
  fields = {
    field.name: np.asarray(getattr(best, field.name))
    for field in dataclasses.fields(best)
  }
  files.save_npz(path, **fields, identity=np.array(identity))


def load(path: files.PathLike, identity: str) -> TopK:
  """Reads what `save` wrote.

  Raises:
    UserError: the file is damaged, or belongs to another stream.
  """
  stored = files.load_npz(path)
  if str(stored.pop("identity", "")) != identity:
    raise errors.UserError(
      f"{errors.quote(str(path))} is the state of another stream: expected the "
      "same "
      "predictor, space, seed and top_k; delete it or give --out another name"
    )
  with foreign.reading(path, "the state of a stream"):
    return TopK(
      genotypes=stored["genotypes"],
      scores=stored["scores"],
      num_scored=int(stored["num_scored"]),
      mean=float(stored["mean"]),
      squares=float(stored["squares"]),
      power=int(stored.get("power", 0)),
    )


def stream_top_k(
  score_fn: ScoreFn,
  space: spaces_base.Space,
  num_samples: int,
  top_k: int,
  *,
  seed: int = 0,
  batch_size: int = BATCH_SIZE,
  state: files.PathLike | None = None,
  identity: str = "",
  save_every: int = 16,
) -> TopK:
  """Samples a space, scores every sample, and keeps the best.

  Batch i is drawn by a generator of its own, seeded with (seed, i): a stream
  that is stopped and resumed gives the same, and memory does not grow.

  Args:
    score_fn: maps genotypes `[b, G]` to scores `[b]`, higher = better.
    space: the space; `space.sample` draws from it.
    num_samples: architectures in all.
    top_k: how many are kept.
    seed: seed of the samples.
    batch_size: architectures of a batch; part of what decides the samples.
    state: file that is written every `save_every` batches and resumed from.
    identity: text that identifies `score_fn`; a state of another is refused.
    save_every: batches between two writes.

  Returns:
    The best architectures and the moments of all scores.

  Raises:
    UserError: a number is not positive, or the state is of another stream.
  """
  for name, value in (("num_samples", num_samples), ("top_k", top_k)):
    if value < 1:
      raise errors.UserError(f"{name}: expected at least 1, got {value}")
  identity = f"{identity} {space.name} {seed} {top_k} {batch_size}"
  best = _start(space, num_samples, state, identity)
  with (
    errors.resuming(lambda: _kept(state)),
    progress.Progress(
      "streaming", num_samples, unit="archs", first="compiling"
    ) as bar,
  ):
    bar.resume(best.num_scored)
    while best.num_scored < num_samples:
      index = best.num_scored // batch_size
      size = min(batch_size, num_samples - best.num_scored)
      rng = np.random.default_rng([seed, index])
      genotypes = space.sample(batch_size, rng)[:size]
      best = push(best, space, genotypes, score_fn(genotypes), top_k)
      bar.update(size)
      is_due = (index + 1) % save_every == 0 or best.num_scored == num_samples
      if state is not None and size == batch_size and is_due:
        save(state, best, identity)
  return best


def _start(
  space: spaces_base.Space,
  num_samples: int,
  state: files.PathLike | None,
  identity: str,
) -> TopK:
  """What an earlier run has seen, or nothing."""
  best = empty(space)
  if state is not None and files.expand(state).exists():
    best = load(state, identity)
  if best.num_scored > num_samples:
    raise errors.UserError(
      f"num_samples: expected at least the {best.num_scored} that "
      f"{str(state)!r} has seen, got {num_samples}; delete it to start afresh"
    )
  return best


def _kept(state: files.PathLike | None) -> str:
  """What an interrupted run kept."""
  if state is None or not files.expand(state).exists():
    return ""
  return "the same command goes on from its last state"
