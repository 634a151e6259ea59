"""Each proxy on a network of one ReLU and two matrices, worked by hand.

Images have one pixel: `features = A^T x`, `logits = C^T relu(features)`.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nasjax.proxies import (
  activations,
  az_nas,
  fisher,
  gradients,
  intrain,
  jacobians,
  ntk,
  skeletons,
  synflow,
  vkdnw,
  zen,
  zico,
)
from nasjax.proxies.plan import PLAIN, Trace
from nasjax.proxies.subject import Subject

CLASSES, WIDTH, CHANNELS, BATCH = 3, 8, 5, 6


class TwoMatrices:
  """What proxies ask of a network."""

  skeleton = skeletons.Skeleton(WIDTH, 1, 4, BATCH, num_classes=CLASSES)

  def apply(self, params, images, graph, *, how=PLAIN, gates=None, shifts=None):
    del graph
    gates = gates or self.gates(images.shape[-1])
    flat = images[:, 0, 0]
    x = (params["A"].T @ flat) * gates["A"]
    feature = x[:, None, None]
    if shifts is not None:
      x = x + shifts[0][:, 0, 0]
    last = jax.nn.relu(x)
    logits = (params["C"].T @ last) * gates["C"]
    second = logits[:, None, None]
    observed = how.observe(x[:, None, None])
    if how.is_of_layers:
      observed = observed + how.observe(second)
    return Trace(
      logits,
      (feature, second),
      last[:, None, None],
      observed,
      jnp.log(2.0),
    )

  def gates(self, batch):
    return {"A": jnp.ones((WIDTH, batch)), "C": jnp.ones((CLASSES, batch))}

  def live(self, graph):
    return {"A": jnp.ones(()), "C": graph}


@pytest.fixture(scope="module")
def subject():
  rng = np.random.default_rng(0)

  def draw(*shape):
    return jnp.asarray(rng.normal(size=shape), jnp.float32)

  params = {"A": draw(CHANNELS, WIDTH), "C": draw(WIDTH, CLASSES)}
  images = draw(CHANNELS, 1, 1, BATCH)
  labels = jnp.array([0, 1, 2, 0, 1, 0])
  key = jax.random.key(0)
  return Subject(TwoMatrices(), params, images, labels, jnp.ones(()), key)


@pytest.fixture(scope="module")
def parts(subject):
  """Matrices, images, hidden layer and chances, as numpy knows them."""
  first, last = (np.asarray(subject.params[name], float) for name in "AC")
  x = np.asarray(subject.images[:, 0, 0], float)
  hidden = np.maximum(first.T @ x, 0)
  logits = last.T @ hidden
  chances = np.exp(logits) / np.exp(logits).sum(0)
  return first, last, x, hidden, chances


def by_hand(parts, labels):
  """Gradients of the mean cross-entropy, from the chain rule."""
  first, last, x, hidden, chances = parts
  error = (chances - np.eye(CLASSES)[:, labels]) / x.shape[1]
  back = (last @ error) * (first.T @ x > 0)
  return {"A": x @ back.T, "C": hidden @ error.T}


def test_scores_of_gradients(subject, parts):
  expected = by_hand(parts, np.asarray(subject.labels))
  weights = {"A": parts[0], "C": parts[1]}
  products = {name: weights[name] * expected[name] for name in "AC"}
  lengths = [np.linalg.norm(expected[name]) for name in "AC"]
  np.testing.assert_allclose(
    gradients.grad_norm(subject), sum(lengths), rtol=1e-4
  )
  np.testing.assert_allclose(
    gradients.snip(subject),
    sum(abs(each).sum() for each in products.values()),
    rtol=1e-4,
  )
  np.testing.assert_allclose(
    gradients.plain(subject),
    sum(each.sum() for each in products.values()),
    rtol=1e-3,
    atol=1e-5,
  )


def test_lengths_of_kernels_that_are_used(subject, parts):
  both = np.linalg.norm(parts[0]) + np.linalg.norm(parts[1])
  np.testing.assert_allclose(gradients.l2_norm(subject), both, rtol=1e-5)
  one = Subject(
    subject.network,
    subject.params,
    subject.images,
    subject.labels,
    jnp.zeros(()),
    subject.key,
  )
  found = gradients.l2_norm(one)
  np.testing.assert_allclose(found, np.linalg.norm(parts[0]), rtol=1e-5)


def test_grasp_is_the_change_of_gradients_along_themselves(subject, parts):
  labels = np.asarray(subject.labels)
  first, last, x, _, _ = parts
  step = 1e-5
  start = by_hand(parts, labels)

  def gradient_at(sign):
    own = first + sign * step * start["A"], last + sign * step * start["C"]
    hidden = np.maximum(own[0].T @ x, 0)
    logits = own[1].T @ hidden
    chances = np.exp(logits) / np.exp(logits).sum(0)
    return by_hand((*own, x, hidden, chances), labels)

  ahead, behind = gradient_at(1), gradient_at(-1)
  expected = -sum(
    (weights * (ahead[name] - behind[name])).sum() / (2 * step)
    for name, weights in (("A", first), ("C", last))
  )
  np.testing.assert_allclose(gradients.grasp(subject), expected, rtol=1e-3)


def test_synflow_of_positive_matrices(subject, parts):
  first, last = abs(parts[0]), abs(parts[1])
  flow = (last.T @ (first.T @ np.ones(CHANNELS))).sum()
  # Each of two layers carries the whole flow; log 2 was divided out.
  expected = np.log(2 * flow) + np.log(2)
  np.testing.assert_allclose(synflow.synflow(subject), expected, rtol=1e-5)


def test_fisher_of_channels(subject, parts):
  labels = np.asarray(subject.labels)
  _, last, _, hidden, chances = parts
  error = (chances - np.eye(CLASSES)[:, labels]) / BATCH
  inner = (last @ error) * hidden
  outer = error * (last.T @ hidden)
  expected = ((inner**2).mean(1).sum() + (outer**2).mean(1).sum()) / 2
  np.testing.assert_allclose(fisher.fisher(subject), expected, rtol=1e-4)


def test_states_of_relus(subject, parts):
  active = parts[0].T @ parts[2] > 0
  expected = (active[:, :, None] == active[:, None, :]).sum(0)
  np.testing.assert_allclose(activations.agreements(subject), expected)


def test_jacobians_and_classes(subject, parts):
  first, last, x, _, _ = parts
  active = first.T @ x > 0
  back = last.sum(1)[:, None] * active
  images, features, logits = subject.jacobians
  np.testing.assert_allclose(images, (first @ back).T, rtol=1e-4, atol=1e-5)
  np.testing.assert_allclose(features, back.T, rtol=1e-5)
  assert logits.shape == (BATCH, CLASSES)
  found = np.log(abs(np.corrcoef((first @ back).T)) + 1e-5)
  labels = np.asarray(subject.labels)
  expected = sum(
    abs(found[np.ix_(labels == c, labels == c)].sum()) for c in range(CLASSES)
  )
  np.testing.assert_allclose(jacobians.of_classes(subject), expected, rtol=1e-3)


def test_zen_of_a_network_without_a_kink():
  class Linear(TwoMatrices):
    def apply(self, params, images, graph, **how):
      found = super().apply(params, images, graph, **how)
      return found._replace(last=3 * images)

  images = jnp.zeros((2, 1, 1, 4))
  params = {"A": jnp.ones((2, WIDTH)), "C": jnp.ones((WIDTH, CLASSES))}
  key = jax.random.key(1)
  own = Subject(Linear(), params, images, jnp.zeros(4, int), jnp.ones(()), key)
  change = jax.random.normal(jax.random.split(key, 3)[2], images.shape)
  expected = np.log(3 * 0.01 * np.abs(change).sum((0, 1, 2)).mean() * 2)
  np.testing.assert_allclose(zen.zen(own), expected, rtol=1e-3)


def test_zico_of_two_batches(subject, parts):
  labels = np.asarray(subject.labels)
  first, last, x, hidden, chances = parts
  halves = [
    by_hand(
      (first, last, x[:, own], hidden[:, own], chances[:, own]), labels[own]
    )
    for own in (np.arange(3), np.arange(3, 6))
  ]
  expected = 0.0
  for name in "AC":
    pair = np.stack([half[name] for half in halves])
    moves = pair.std(0) > 0
    ratios = abs(pair).mean(0)[moves] / pair.std(0)[moves]
    expected += np.log(ratios.sum())
  np.testing.assert_allclose(zico.zico(subject), expected, rtol=1e-3)


def test_tangent_kernel(subject, parts):
  first, last, x, hidden, _ = parts
  back = last.sum(1)[:, None] * (first.T @ x > 0)
  expected = (x.T @ x) * (back.T @ back) + CLASSES * (hidden.T @ hidden)
  np.testing.assert_allclose(ntk.kernel(subject), expected, rtol=1e-4)
  kernels = np.array([np.diag([4.0, 2.0]), np.zeros((2, 2))])
  found = ntk.condition(kernels)
  assert found[0] == 2
  assert np.isnan(found[1])


def test_fisher_information_of_first_weights(subject, parts):
  first, last, x, hidden, chances = parts
  active = (first.T @ x > 0)[0]
  of_first = last[0][:, None] * (x[0] * active)
  of_last = np.eye(CLASSES)[0][:, None] * hidden[0]
  changes = np.stack([of_first, of_last])  # [P, classes, B]
  expected = np.zeros((2, 2))
  for b in range(BATCH):
    own = np.diag(chances[:, b]) - np.outer(chances[:, b], chances[:, b])
    expected += changes[:, :, b] @ own @ changes[:, :, b].T / BATCH
  np.testing.assert_allclose(
    vkdnw.information(subject), expected, rtol=1e-4, atol=1e-7
  )


def test_entropy_of_information():
  # Equal eigenvalues: nine equal deciles. A layer without information is none.
  found = vkdnw.entropy(np.diag([2.0, 2.0, 2.0, 0.0])[None])
  np.testing.assert_allclose(found, [3 + np.log(9)])
  assert np.isnan(vkdnw.entropy(np.zeros((1, 2, 2)))[0])
  assert np.isnan(vkdnw.entropy(np.full((1, 2, 2), np.nan))[0])


def test_entropies_of_features(subject, parts):
  found = az_nas.entropies(subject)
  features = parts[0].T @ parts[2]
  values = np.linalg.eigvalsh(np.cov(features, bias=True))
  shares = np.maximum(values, 1e-12) / values.sum()
  np.testing.assert_allclose(
    found[0], -(shares * np.log(shares)).sum(), rtol=1e-3
  )
  steps = az_nas.least_step(np.array([[1.0, 4.0, 2.0], [1.0, 2.0, 4.0]]))
  assert steps.tolist() == [-2, 1]


def test_gain_of_gradients():
  # Equal signals of one channel: the gain is 1, the best there is.
  signal = jnp.array([1.0, -1.0, 1.0, 1.0]).reshape(1, 2, 2, 1)
  np.testing.assert_allclose(az_nas._gain(signal, signal), 0, atol=1e-5)
  np.testing.assert_allclose(az_nas._gain(2 * signal, signal), -0.5, rtol=1e-4)
  # Where the output is half as large, pixels of a window become channels.
  wide = jnp.ones((1, 4, 4, 1))
  found = az_nas._gain(wide, jnp.ones((1, 2, 2, 1)))
  np.testing.assert_allclose(found, 2 - 2 - 1 / 2, rtol=1e-4)


def test_dimensions_of_activations_and_health_of_gradients(subject, parts):
  first, last, x, hidden, _ = parts
  capacity = 0.0
  for outputs in (first.T @ x, last.T @ hidden):
    values = np.linalg.eigvalsh(np.cov(outputs))
    capacity += np.log(values.sum() ** 2 / (values**2).sum())
  kernels = by_hand(parts, np.asarray(subject.labels)).values()
  health = sum(each.std() / abs(each).max() for each in kernels)
  found = intrain.parts(subject)
  np.testing.assert_allclose(found, [capacity, 2, health], rtol=1e-4)
  score = capacity * (1 + health) / np.log(3)
  np.testing.assert_allclose(intrain.join(np.array(found)), score, rtol=1e-4)


def test_layers_without_variance_have_no_dimensions():
  square = jnp.array([[1.0, -1.0, -1.0, -1.0], [-1.0, 2.0, -1.0, -1.0]])
  found = intrain._dimensions(square.reshape(2, 2, 2, 1))
  values = np.linalg.eigvalsh(np.cov(square))
  expected = [np.log(values.sum() ** 2 / (values**2).sum()), 1]
  np.testing.assert_allclose(found, expected, rtol=1e-5)
  assert np.isnan(intrain._dimensions(jnp.ones((2, 2, 2, 1)))[0])


def test_a_kernel_that_the_cell_leaves_out_has_no_health(subject):
  other = Subject(
    subject.network,
    subject.params,
    subject.images,
    subject.labels,
    jnp.zeros(()),
    subject.key,
  )
  first = intrain.parts(other)[2]
  gradients = np.asarray(subject.gradients["A"])
  expected = gradients.std() / abs(gradients).max()
  np.testing.assert_allclose(first, expected, rtol=1e-4)


def test_trainability_sees_one_block_at_a_time(subject):
  # Its own network has no cut; the value is finite and moves with the signal.
  found = float(az_nas.trainability(subject))
  assert found < 0
