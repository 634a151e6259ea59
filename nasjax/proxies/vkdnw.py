"""VKDNW: how evenly the Fisher information is spread over directions.

Dimensions: `P` weights, one of each kernel that a cell could use.
"""

import jax
import jax.numpy as jnp
import numpy as np

from nasjax.proxies.proxy import Proxy
from nasjax.proxies.subject import Subject

_SHARES = np.arange(10, 100, 10)
_SMALL = 1e-9  # of the largest eigenvalue


def information(subject: Subject) -> jax.Array:
  """Empirical Fisher information of the first weight of each kernel, `[P, P]`.

  Rows and columns of kernels that the cell does not use are 0.
  """
  used = jax.tree.leaves(subject.network.live(subject.graph))
  live = jnp.concatenate([each.reshape(-1) for each in used])
  logits = subject.apply().logits
  chances = jax.nn.softmax(logits, 0)

  def move(number):
    found = jax.jvp(
      lambda params: subject.apply(params).logits,
      (subject.params,),
      (_direction(subject.params, number),),
    )
    return found[1]

  def change(slot):
    number, is_used = slot
    return jax.lax.cond(
      is_used > 0, move, lambda _: jnp.zeros_like(logits), number
    )

  changes = jax.lax.map(change, (jnp.arange(len(live)), live))
  mean = (chances[None] * changes).sum(1, keepdims=True)
  weighted = jnp.sqrt(chances)[None] * (changes - mean)
  flat = weighted.reshape(len(weighted), -1)
  return flat @ flat.T / logits.shape[-1]


def _direction(params, number: jax.Array):
  """Unit vector of the first weight of kernel `number`, as a tree."""
  leaves, structure = jax.tree.flatten(params)
  found, start = [], 0
  for leaf in leaves:
    kernels = leaf.shape[:-2]
    size = int(np.prod(kernels))
    unit = (jnp.arange(start, start + size) == number).reshape(kernels)
    place = unit.astype(leaf.dtype)
    found.append(jnp.zeros_like(leaf).at[..., 0, 0].set(place))
    start += size
  return jax.tree.unflatten(structure, found)


def entropy(found: np.ndarray) -> np.ndarray:
  """Number of layers plus entropy of the deciles of the eigenvalues.

  Args:
    found: `[..., P, P]`; layers whose diagonal is 0 do not count.
  """
  flat = found.reshape(-1, *found.shape[-2:])
  return np.array([_entropy(each) for each in flat]).reshape(found.shape[:-2])


def _entropy(information: np.ndarray) -> float:
  live = np.flatnonzero(np.diag(information))
  if not live.size or not np.isfinite(information).all():
    return np.nan
  values = np.linalg.eigvalsh(information[np.ix_(live, live)])
  values = np.maximum(values, _SMALL * values[-1])
  deciles = np.percentile(values, _SHARES)
  shares = deciles / deciles.sum()
  return len(live) - float((shares * np.log(shares)).sum())


VKDNW = Proxy(
  "vkdnw",
  "Tybl and Neumann 2025, CVPR",
  compute=information,
  finish=entropy,
)
