"""Walks of REINFORCE with many seeds at once: a seed is an axis of `vmap`.

Dimensions: `s` seeds, `m` cells, `T` steps of an episode, `t` steps so far.
"""

from collections.abc import Sequence

import jax
import numpy as np

from nasjax import compiler, progress
from nasjax.search import latent, reinforce
from nasjax.spaces import base as spaces_base


def run(
  strategy: reinforce.Reinforce,
  space: spaces_base.Space,
  scores: np.ndarray,
  costs: np.ndarray,
  seeds: Sequence[int],
  limit: float,
) -> np.ndarray:
  """Runs searches, each as `search.run` does, until all have spent a limit.

  Args:
    strategy: its options.
    space: the space.
    scores: of all cells in the order of `strategy.table`, `[m]`.
    costs: likewise, `[m]`.
    seeds: of the searches, `[s]`.
    limit: on the sum of costs.

  Returns:
    Rows of the table in the order of the questions, `[s, t]`.
  """
  states = [strategy.init(space, seed, len(scores)) for seed in seeds]
  table = strategy.table(states[0])
  parts = [reinforce.parts(state.memory) for state in states]
  learner, episode = jax.tree.map(lambda *each: np.stack(each), *parts)
  begun = np.stack([state.memory["seed"] for state in states])
  found = reinforce.functions(strategy.policy(table.values.shape[1]))
  walk = compiler.jit(jax.vmap(found.walk, (0, 0, None, 0, 0, None)))
  learn = compiler.jit(jax.vmap(found.learn))
  taken = np.zeros((len(seeds), len(scores)), bool)
  asked = np.zeros((len(seeds), 0), np.int64)
  spent = np.zeros(len(seeds))
  values = jax.numpy.asarray(table.values)
  with progress.Progress("searches", int(limit), unit="seconds") as bar:
    while spent.min() < limit and asked.shape[1] < len(scores):
      num = min(strategy.steps, len(scores) - asked.shape[1])
      episode = walk(learner, episode, values, taken, begun, num)
      rows = np.asarray(episode.rows)[:, :num]
      np.put_along_axis(taken, rows, True, axis=1)
      asked = np.concatenate([asked, rows], axis=1)
      if num < strategy.steps:
        break
      known = [latent.centred(scores[row])[-num:] for row in asked]
      learner, episode = learn(learner, episode, np.stack(known))
      before, spent = spent.min(), costs[asked].sum(axis=1)
      bar.update(int(min(spent.min(), limit)) - int(min(before, limit)))
  return asked
