"""REINFORCE in an embedding: a policy walks from cell to cell (arch2vec).

Yan et al., NeurIPS 2020, section 3.3.
"""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import numpy as np

from nasjax.search import base, latent
from nasjax.search.state import State

_LEARNER, _EPISODE = "learner.", "episode."


@dataclasses.dataclass(frozen=True)
class Reinforce(latent.Latent):
  """Walks through an embedding; a recurrent policy learns where it is good.

  Where the walk is goes into an LSTM, whose output is the mean of a normal
  action of unit spread; the cell that lies nearest to the action (L2) and was
  not asked is asked, and the walk goes on from there. After each episode one
  step of Adam raises the log-probability of each action by its return: its own
  reward and the discounted rewards of the steps that follow. A reward is a
  score less the mean of all scores so far, in units of their standard
  deviation; the published code has a constant of .95 in place of that mean,
  which suits the accuracies of one benchmark.

  Attributes:
    steps: of an episode.
    learning_rate: of Adam; of .01, .03, .06 and .1 the one with which the best
      validation accuracy after 200 to 400 trainings was highest in
      NAS-Bench-101.
    discount: weight of the reward of the next step, its square of that after
      the next; 0 as in the published code, which computes returns with .8 and
      does not use them. In NAS-Bench-101 the validation accuracies that were
      found were higher with 0.
    spread: standard deviation of an action in every direction, at least 1e-6;
      embeddings are scaled to a variance of 1.
  """

  name: ClassVar[str] = "reinforce"
  batch_size: ClassVar[int] = 16

  steps: int = 16
  learning_rate: float = 0.03
  discount: float = 0.0
  spread: float = 1.0

  def __post_init__(self):
    super().__post_init__()
    base.whole_number("steps", self.steps, 1)
    latent.check_number("learning_rate", self.learning_rate, 0.0, np.inf)
    latent.check_number("discount", self.discount, 0.0, 1.0)
    latent.check_number("spread", self.spread, 1e-6, np.inf)

  def policy(self, size: int) -> Any:
    """The policy for embeddings of `size` numbers."""
    from nasjax.surrogates import policy

    return policy.Policy(
      size,
      steps=self.steps,
      learning_rate=self.learning_rate,
      discount=self.discount,
      spread=self.spread,
    )

  def _begin(self, state: State, rng: np.random.Generator) -> base.Memory:
    table = self.table(state)
    seed = np.array(rng.integers(1 << 31), np.uint32)
    row = np.array(rng.integers(len(table.keys)), np.int32)
    compiled = _programs(self.policy(table.values.shape[1]))
    return {"seed": seed, **_named(compiled.start(seed, row))}

  def _propose(
    self, state: State, num: int, rng: np.random.Generator
  ) -> tuple[np.ndarray, base.Memory]:
    del rng
    table, history = self.table(state), state.history
    compiled = _programs(self.policy(table.values.shape[1]))
    learner, episode = parts(state.memory)
    if episode.length == self.steps:
      rewards = latent.centred(history.scores)[-self.steps :]
      learner, episode = compiled.learn(learner, episode, rewards)
    before = int(episode.length)
    num = min(num, self.steps - before, len(table.keys) - len(history))
    if num <= 0:
      return state.pending[:0], state.memory
    taken = table.taken(state.space, history.genotypes)
    seed = state.memory["seed"]
    episode = compiled.walk(learner, episode, table.values, taken, seed, num)
    rows = np.asarray(episode.rows)[before : before + num]
    memory = {"seed": seed, **_named((learner, episode))}
    return table.genotypes[rows], memory


def _named(both: Any) -> dict[str, np.ndarray]:
  """A learner and an episode as arrays with names."""
  learner, episode = both
  return {
    **{_LEARNER + name: np.asarray(x) for name, x in learner._asdict().items()},
    **{_EPISODE + name: np.asarray(x) for name, x in episode._asdict().items()},
  }


def parts(memory: base.Memory) -> tuple[Any, Any]:
  """Learner and episode of the memory of a state."""
  from nasjax.surrogates import policy

  kinds = ((_LEARNER, policy.Learner), (_EPISODE, policy.Episode))
  learner, episode = (
    kind._make(memory[prefix + name] for name in kind._fields)
    for prefix, kind in kinds
  )
  return learner, episode


class Functions(NamedTuple):
  """What a search needs of a policy; can be traced and mapped over seeds.

  Attributes:
    start: seed and first cell -> learner and episode.
    walk: learner, episode, embeddings, taken cells, seed, number of steps ->
      episode.
    learn: learner, whole episode, rewards -> learner and the next episode.
  """

  start: Callable[..., Any]
  walk: Callable[..., Any]
  learn: Callable[..., Any]


def functions(policy: Any) -> Functions:
  """Returns the functions of a policy (`nasjax.surrogates.policy`)."""
  import jax

  def start(seed, row):
    return policy.start(jax.random.key(seed)), policy.episode(row)

  def walk(learner, episode, values, taken, seed, num):
    key = jax.random.fold_in(jax.random.key(seed), 1 + learner.count)
    return policy.walk(learner, episode, values, taken, key, num)

  def learn(learner, episode, rewards):
    learner = policy.learn(learner, episode, rewards)
    return learner, policy.episode(episode.row)

  return Functions(start, walk, learn)


@functools.lru_cache(maxsize=4)
def _programs(policy: Any) -> Functions:
  """The same, compiled."""
  from nasjax import compiler

  return Functions(*(compiler.jit(each) for each in functions(policy)))
