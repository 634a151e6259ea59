"""What the autoencoder minimises, by name.

Dimensions: `n` cells, `N` nodes, `O` classes of nodes, `L` latent numbers.
"""

from typing import Any

import jax
import jax.numpy as jnp
import optax

from nasjax.systems.arch2vec import drawing
from nasjax.systems.arch2vec import model as models


def losses(
  model: Any,
  variables: Any,
  cells: drawing.Drawn,
  key: jax.Array,
  *,
  variational: bool,
) -> tuple[dict[str, jax.Array], Any]:
  """Losses of a batch; Yan et al. 2020, equations 3 to 6.

  Args:
    model: the autoencoder.
    variables: `params` and `batch_stats`.
    cells: a batch `[n]`.
    key: typed key; consumed.
    variational: whether latent numbers are drawn; else they are the means.

  Returns:
    `operations` (cross-entropy of each class of a node, a mean), `adjacency`
    (of each pair of nodes, a mean) and `kl` (of the posterior of a node to the
    normal prior, a sum over `L`, a mean over nodes), scalars; and the next
    `batch_stats`.
  """
  noise_key, dropout_key = jax.random.split(key)
  posterior, updated = model.apply(
    variables, cells, train=True, method="encode", mutable=["batch_stats"]
  )
  latent = posterior.mean
  if variational:
    noise = jax.random.normal(noise_key, latent.shape)
    latent = latent + noise * jnp.exp(posterior.log_std)
  logits = model.apply(
    variables,
    latent,
    train=True,
    method="decode",
    rngs={"dropout": dropout_key},
  )
  found = {**_reconstruction(model, logits, cells), "kl": _kl(posterior)}
  return found, updated["batch_stats"]


def _reconstruction(model, logits: models.Logits, cells: drawing.Drawn) -> dict:
  one_hot = jax.nn.one_hot(cells.classes, model.num_classes)
  operations = optax.sigmoid_binary_cross_entropy(logits.classes, one_hot)
  pairs = jnp.triu_indices(cells.adjacency.shape[-1], 1)
  truth = cells.adjacency[:, *pairs].astype(jnp.float32)
  edges = optax.sigmoid_binary_cross_entropy(logits.edges[:, *pairs], truth)
  return {"operations": jnp.mean(operations), "adjacency": jnp.mean(edges)}


def _kl(posterior: models.Latent) -> jax.Array:
  """Divergence from the standard normal prior, a mean over nodes."""
  mean, log_std = posterior
  terms = mean**2 + jnp.exp(2 * log_std) - 1 - 2 * log_std
  return jnp.mean(jnp.sum(terms, axis=-1)) / 2
