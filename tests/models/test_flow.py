"""Flow encoder: what a node reads, how far states travel, and invariances."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import tiny

from nasjax.models import flow
from nasjax.spaces import registry as spaces


def _chain(num):
  return jnp.eye(num, k=1)


def _sigmoid(x):
  return 1 / (1 + np.exp(-x))


def test_pass_equals_its_formula(rng):
  # 0 feeds 1 and 2, which feed 3; 4 is padding.
  diamond = np.zeros((5, 5), np.float32)
  diamond[[0, 0, 1, 2], [1, 2, 3, 3]] = 1
  mask = np.array([1.0, 1, 1, 1, 0], np.float32)
  nodes = rng.normal(size=(5, 3)).astype(np.float32)
  module = flow.Pass(2)
  params = module.init(jax.random.key(0), nodes, diamond, mask)
  kernels = jax.tree.leaves_with_path(params)
  layer = {path[-2].key: leaf for path, leaf in kernels if leaf.ndim == 2}
  states, sent = [], []
  for node, senders in enumerate([[], [0], [0], [1, 2]]):
    own = nodes[node] @ layer["own"]
    read = sum((sent[sender] for sender in senders), np.zeros(2))
    read = read / np.sqrt(max(1, len(senders)))
    update, reset = np.split(_sigmoid(own[:4] + read @ layer["gates"]), 2)
    new = np.tanh(own[4:] + (reset * read) @ layer["candidate"])
    states.append((1 - update) * new + update * read)
    gate, value = np.split(states[-1] @ layer["message"], 2)
    sent.append(_sigmoid(gate) * value)
  got = module.apply(params, nodes, diamond, mask)
  np.testing.assert_allclose(got[:4], states, rtol=1e-4, atol=1e-6)
  np.testing.assert_array_equal(got[4], 0)


def test_states_travel_from_end_to_end_both_ways(rng):
  nodes = jnp.asarray(rng.normal(size=(6, 3)), jnp.float32)
  module = flow.Flow(4)
  args = _chain(6), jnp.ones(6)
  params = module.init(jax.random.key(0), nodes, *args)
  before = module.apply(params, nodes, *args)
  assert before.shape == (6, 8)
  for changed, along, against in ((0, True, False), (5, False, True)):
    other = module.apply(params, nodes.at[changed].add(1.0), *args)
    far = 5 - changed
    moved = np.abs(other - before)[far]
    assert (moved[:4].max() > 1e-6) == along
    assert (moved[4:].max() > 1e-6) == against


def test_nodes_without_a_path_between_them_do_not_meet(rng):
  two_chains = jnp.zeros((4, 4)).at[0, 2].set(1).at[1, 3].set(1)
  nodes = jnp.asarray(rng.normal(size=(4, 3)), jnp.float32)
  module = flow.Flow(4, num_layers=2)
  params = module.init(jax.random.key(0), nodes, two_chains, jnp.ones(4))

  def states(nodes):
    return np.asarray(module.apply(params, nodes, two_chains, jnp.ones(4)))

  moved = np.abs(states(nodes.at[0].add(1.0)) - states(nodes)).max(axis=1)
  assert (moved > 1e-6).tolist() == [True, False, True, False]


def _topological_orders(adjacency):
  num = len(adjacency)
  for order in itertools.permutations(range(num)):
    turned = adjacency[np.ix_(order, order)]
    if not np.tril(turned).any():
      yield np.array(order)


def test_numbering_of_nodes_changes_nothing(rng):
  adjacency = np.zeros((5, 5), np.float32)
  adjacency[[0, 0, 1, 2, 3], [1, 2, 4, 3, 4]] = 1
  nodes = jnp.asarray(rng.normal(size=(5, 3)), jnp.float32)
  module = flow.Flow(4)
  params = module.init(jax.random.key(0), nodes, adjacency, jnp.ones(5))
  orders = list(_topological_orders(adjacency))
  assert len(orders) == 3
  first = module.apply(params, nodes, adjacency, jnp.ones(5))
  for order in orders:
    turned = adjacency[np.ix_(order, order)]
    got = module.apply(params, nodes[order], turned, jnp.ones(5))
    np.testing.assert_allclose(got, first[order], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", spaces.space_names())
def test_spaces_number_their_nodes_along_the_edges(name, rng):
  space = spaces.get_space(name)
  cells = tiny.cells(space, space.sample(200, rng), only=())
  np.testing.assert_array_equal(np.tril(cells.adjacency), 0)
