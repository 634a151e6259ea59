"""GENNAPE: what is read, batches, the encoder, its loss, heads, adaptation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nasjax.computation import ComputationGraph, Node, measures
from nasjax.computation.families import macro, nb201
from nasjax.computation.families.builder import Builder
from nasjax.systems.gennape import (
  batches,
  contrastive,
  encoder,
  ensemble,
  kernel,
  reading,
)

SMALL = encoder.Encoder(width=8, layers=1, heads=2)


@pytest.fixture(scope="module")
def readings():
  rng = np.random.default_rng(0)
  graphs = macro.build(rng.integers(0, 3, (24, 8)))
  return [reading.read(graph) for graph in graphs]


def test_marks_are_no_nodes():
  b = Builder(8)
  x = b.conv_norm_act(0, 4, 3)
  y = b.relu_conv_norm(x, 4, 1)
  found = reading.read(b.classify(b.add([x, y]), 10))
  # input, conv, conv, add, pool, linear, output
  assert len(found.features) == 7
  edges = [(0, 1), (1, 2), (1, 3), (2, 3), (3, 4), (4, 5), (5, 6)]
  assert sorted(map(tuple, found.edges.tolist())) == edges
  norms, activations, gates = found.features[:, -3:].T
  assert norms.tolist() == [0, 0.5, 0.5, 0, 0, 0, 0]
  # The ReLU behind the first convolution, and the one before the second.
  assert activations.tolist() == [0, 1, 0, 0, 0, 0, 0]
  assert not gates.any()
  assert found.features.shape[1] == len(reading.NAMES)


def test_spectrum_by_hand():
  chain = reading.Reading(np.zeros((3, 2)), np.array([[0, 1], [1, 2]]))
  # A path of three nodes has the eigenvalues 2, 1 and 0.
  np.testing.assert_allclose(
    reading.spectrum(chain, 4), [2, 1, 0, 0], atol=1e-6
  )
  alone = reading.Reading(np.zeros((1, 2)), np.zeros((0, 2), int))
  assert reading.spectrum(alone, 2).tolist() == [0, 0]


def test_a_batch_by_hand():
  one = reading.Reading(np.ones((3, 2)), np.array([[0, 1], [1, 2]]))
  two = reading.Reading(np.full((2, 2), 5.0), np.array([[0, 1]]))
  batch = batches.join([one, two], 3)
  assert batch.nodes.shape == (512, 2)
  assert batch.nodes[3:5].tolist() == [[5, 5], [5, 5]]
  assert batch.senders[:4].tolist() == [0, 1, 3, 511]
  assert batch.receivers[:4].tolist() == [1, 2, 4, 511]
  assert batch.n_node.tolist() == [3, 2, 0, 507]
  assert [batches.bucket(n) for n in (1, 512, 513, 769)] == [
    *(512, 512),
    *(768, 1152),
  ]


@pytest.mark.slow
def test_compilations_are_bounded(readings):
  shapes = []

  def traced(params, batch):
    shapes.append(batch.nodes.shape)
    return SMALL.apply(params, batch)

  params = SMALL.init(jax.random.key(0), batches.join(readings[:1], 8))
  program = jax.jit(traced)
  rng = np.random.default_rng(1)
  for _ in range(12):
    rows = rng.permutation(len(readings))[: rng.integers(5, 9)]
    program(params, batches.join([readings[row] for row in rows], 8))
  assert len(shapes) == len(set(shapes)) <= 2


def test_padding_and_neighbours_in_the_batch_change_nothing(readings):
  params = contrastive.init(SMALL, readings[0], 3)
  together = contrastive.embed(SMALL, params, readings)
  for row in (0, 7, 23):
    alone = contrastive.embed(SMALL, params, [readings[row]])
    np.testing.assert_allclose(alone[0], together[row], atol=1e-5)
  assert contrastive.embed(SMALL, params, []).shape == (0, 8)


def test_numbering_changes_no_embedding(readings):
  params = contrastive.init(SMALL, readings[0], 0)
  one = readings[3]
  order = np.random.default_rng(0).permutation(len(one.features))
  place = np.argsort(order)
  other = reading.Reading(
    one.features[order], place[one.edges].astype(np.int32)
  )
  found = contrastive.embed(SMALL, params, [one, other])
  np.testing.assert_allclose(found[0], found[1], atol=1e-5)


def test_loss_by_hand():
  # The third graph is far; embeddings 0 and 1 are equal, 2 is orthogonal.
  embeddings = jnp.array([[1.0, 0], [2.0, 0], [0, 1.0]])
  spectra = jnp.array([[0.0], [0.1], [2.0]])
  found = contrastive.loss(embeddings, spectra, "hard")
  sure = -np.log(1 / (1 + np.exp(-1 / contrastive.TEMPERATURE)))
  # The nearest one of 2 is 1, which is as near to its embedding as 0.
  assert found == pytest.approx((2 * sure + np.log(2)) / 3, rel=1e-5)
  apart = np.abs(spectra - spectra.T)
  near = np.exp(-contrastive.SHARPNESS * apart / apart.mean())
  alike = np.exp(np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]]) / 0.2)
  np.fill_diagonal(near, 0)
  np.fill_diagonal(alike, 0)
  near /= near.sum(1, keepdims=True)
  alike /= alike.sum(1, keepdims=True)
  expected = -(near * np.log(alike + np.eye(3))).sum(1).mean()
  soft = contrastive.loss(embeddings, spectra, "soft")
  assert soft == pytest.approx(expected, rel=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("positives", contrastive.POSITIVES)
def test_pretraining_lowers_the_loss(readings, positives, monkeypatch):
  monkeypatch.setattr(contrastive, "BATCH", 8)
  spectra = np.stack([reading.spectrum(each, 16) for each in readings])
  found = []
  for epochs in (0, 8):
    params = contrastive.pretrain(
      SMALL, readings, spectra, positives=positives, epochs=epochs, seed=0
    )
    embeddings = contrastive.embed(SMALL, params, readings)
    found.append(float(contrastive.loss(embeddings, spectra, positives)))
  assert found[1] < found[0] - 0.01


def test_heads_learn_and_are_fine_tuned():
  rng = np.random.default_rng(0)
  embeddings = rng.normal(size=(200, 6)).astype(np.float32)
  targets = embeddings[:, 0] - np.abs(embeddings[:, 1])
  targets = (targets - targets.mean()) / targets.std()
  found = ensemble.fit(embeddings[:150], targets[:150], seed=0, clusters=3)
  scores = found.predict(embeddings[150:])
  assert np.corrcoef(scores, targets[150:])[0, 1] > 0.8
  turned = ensemble.fine_tune(found, embeddings[:50], -targets[:50])
  scores = turned.predict(embeddings[50:150])
  assert np.corrcoef(scores, -targets[50:150])[0, 1] > 0
  assert found.read(embeddings)[1].sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_a_kernel_learns_and_adapts():
  cells = np.array(np.meshgrid(*[range(1, 5)] * 4)).reshape(4, -1).T
  codes = np.column_stack([cells, np.full((len(cells), 2), 3)])
  rows = np.random.default_rng(0).permutation(len(codes))[:120]
  found = measures.of_graphs(nb201.build(codes[rows]))
  truth = (codes[rows] == 3).sum(axis=1) - (codes[rows] == 4).sum(axis=1)
  truth = (truth - truth.mean()) / truth.std()
  model = kernel.fit(found[:80], truth[:80])
  scores = model.predict(found[80:])
  assert np.corrcoef(scores, truth[80:])[0, 1] > 0.7
  nothing = np.zeros(len(truth))
  adapted = kernel.adapt(found, nothing, np.arange(50), truth[:50])
  assert np.corrcoef(adapted[80:], truth[80:])[0, 1] > 0.7
  # Scores that are right are believed, where labels are few.
  believed = kernel.adapt(found, truth, np.arange(5), truth[:5])
  assert np.corrcoef(believed[80:], truth[80:])[0, 1] > 0.7


def test_unknown_operators_and_lone_nodes_are_read():
  odd = ComputationGraph(
    (Node("input", (0, 0, 3)), Node("other", (), (0,)), Node("relu", (2,)))
  )
  found = reading.read(odd)
  assert len(found.features) == 3
  assert np.isfinite(found.features).all()
  params = contrastive.init(SMALL, found, 0)
  assert np.isfinite(contrastive.embed(SMALL, params, [found])).all()
