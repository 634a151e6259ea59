"""The variational autoencoder of cells: encoders and decoders.

Yan et al., "Does Unsupervised Architecture Representation Learning Help Neural
Architecture Search?", NeurIPS 2020, section 3. The baselines GAE and VGAE (Kipf
and Welling 2016) have graph convolutions.

Dimensions: `n` cells, `N` nodes, `O` classes of nodes, `K` width, `L` latent
numbers of a node.
"""

import functools
from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp

from nasjax.systems.arch2vec import drawing

ENCODERS = ("gin", "gcn")
DECODERS = ("product", "bilinear")
_MOMENTUM = 0.9


class Latent(NamedTuple):
  """Posterior of the nodes: mean and log of the spread, `[n, N, L]` each."""

  mean: jax.Array
  log_std: jax.Array


class Logits(NamedTuple):
  """What is decoded: nodes `[n, N, O]` and undirected edges `[n, N, N]`."""

  classes: jax.Array
  edges: jax.Array


class _Layer(nn.Module):
  """Dense, batch norm, ReLU."""

  width: int

  @nn.compact
  def __call__(self, nodes: jax.Array, train: bool) -> jax.Array:
    nodes = nn.Dense(self.width)(nodes)
    norm = nn.BatchNorm(use_running_average=not train, momentum=_MOMENTUM)
    return nn.relu(norm(nodes))


class Arch2Vec(nn.Module):
  """Encoder and decoder of cells in batches.

  Attributes:
    num_classes: `O`.
    encoder: `gin` (graph isomorphism network, two layers a step), or `gcn`.
    width: `K`.
    num_layers: steps of messages between neighbours.
    latent: `L`.
    dropout_rate: of latent numbers in front of the decoder.
    decoder: of the edges: `product`, the paper's `z_i z_j`, by which nodes that
      are alike are always joined; or `bilinear`, `z_i W z_j + b` with a
      symmetric `W`, which starts as the product.
  """

  num_classes: int
  encoder: str = "gin"
  width: int = 128
  num_layers: int = 5
  latent: int = 16
  dropout_rate: float = 0.0
  decoder: str = "bilinear"

  def setup(self):
    """Makes the layers."""
    per_step = 2 if self.encoder == "gin" else 1
    self.layers = [
      _Layer(self.width) for _ in range(per_step * self.num_layers)
    ]
    self.own = [
      self.param(f"own_{step}", nn.initializers.zeros, ())
      for step in range(self.num_layers if self.encoder == "gin" else 0)
    ]
    self.mean = nn.Dense(self.latent)
    self.log_std = nn.Dense(self.latent)
    self.classes = nn.Dense(self.num_classes)
    self.dropout = nn.Dropout(self.dropout_rate)
    if self.decoder == "bilinear":
      zeros, size = nn.initializers.zeros, self.latent
      self.weight = self.param("weight", zeros, (size, size))
      self.bias = self.param("bias", zeros, ())

  def encode(self, cells: drawing.Drawn, *, train: bool = False) -> Latent:
    """Encodes cells `[n]`: the posterior of each node."""
    nodes = self._states(cells, train)
    return Latent(self.mean(nodes), self.log_std(nodes))

  def embed(self, cells: drawing.Drawn) -> jax.Array:
    """Embeds cells `[n]`: means of their nodes' means, `[n, L]`."""
    return self.mean(self._states(cells, False).mean(axis=-2))

  def _states(self, cells: drawing.Drawn, train: bool) -> jax.Array:
    """States of the nodes in front of the heads, `[n, N, K]`."""
    one_hot = jax.nn.one_hot(cells.classes, self.num_classes)
    ties = cells.ties[..., None].astype(jnp.float32)
    nodes = jnp.concatenate([one_hot, ties], axis=-1)
    links = cells.adjacency + jnp.swapaxes(cells.adjacency, -1, -2)
    links = links.astype(jnp.float32)
    if self.encoder == "gcn":
      return self._convolutions(nodes, links, train)
    for step, own in enumerate(self.own):
      nodes = (1 + own) * nodes + _messages(links, nodes, train)
      nodes = self.layers[2 * step](nodes, train)
      nodes = self.layers[2 * step + 1](nodes, train)
    return nodes

  def _convolutions(self, nodes, links, train) -> jax.Array:
    """Messages with symmetric normalisation and self-loops."""
    looped = links + jnp.eye(links.shape[-1])[None]
    scale = jax.lax.rsqrt(looped.sum(axis=-1))
    looped = looped * scale[..., :, None] * scale[..., None, :]
    for layer in self.layers:
      nodes = layer(_messages(looped, nodes, train), train)
    return _messages(looped, nodes, train)

  def decode(self, latent: jax.Array, *, train: bool = False) -> Logits:
    """Decodes `[n, N, L]`; two nodes are joined where their product is high."""
    latent = self.dropout(latent, deterministic=not train)
    edges = jnp.einsum("nil,njl->nij", self._turned(latent), latent)
    if self.decoder == "bilinear":
      edges = edges + self.bias
    return Logits(self.classes(latent), edges)

  def _turned(self, latent: jax.Array) -> jax.Array:
    """Latent numbers times the matrix of the decoder of edges."""
    if self.decoder == "product":
      return latent
    symmetric = (self.weight + self.weight.T) / 2
    return latent + latent @ symmetric

  def __call__(self, cells: drawing.Drawn) -> Logits:
    """Reconstructs cells from the means of their posterior."""
    return self.decode(self.encode(cells).mean)


def _messages(links: jax.Array, nodes: jax.Array, train: bool) -> jax.Array:
  """Weighted sums over neighbours: `[n, N, N]`, `[n, N, K]` -> `[n, N, K]`.

  Products of so small matrices are slow on a CPU: without a gradient, which
  would take long to compile, they are sums of N terms.
  """
  if train:
    return links @ nodes
  terms = (
    links[..., :, j, None] * nodes[..., j, None, :]
    for j in range(links.shape[-1])
  )
  return functools.reduce(jnp.add, terms)
