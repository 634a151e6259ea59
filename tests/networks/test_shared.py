"""The program for all NAS-Bench-201 cells against the network of each cell."""

import flax
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nasjax import networks
from nasjax.networks import nb201_shared

SKELETON = networks.Skeleton.small(
  "nb201", channels=2, image_size=8, num_classes=3, stem_stride=2
)
OTHER = {
  "stem_norm": "stem_norm",
  "last_norm": "last_norm",
  "classifier": "classifier/dense",
}


def own_path(path: str, genotype) -> str | None:
  """Where the network of one cell keeps a leaf of the shared network."""
  *scopes, leaf = path.split("/")
  scope = "/".join(scopes)
  if scope in OTHER:
    return f"{OTHER[scope]}/{leaf}"
  if "/edge" in scope:
    cell, edge, part = scopes
    code = genotype[int(edge[-1])]
    wanted = {2: "conv_1x1", 3: "conv_3x3"}.get(code)
    if part == wanted:
      return f"{cell}/{edge}/Conv_0/{leaf}"
    norm = part == "norm" and wanted
    return f"{cell}/{edge}/Norm_0/{leaf}" if norm else None
  if scope.startswith("reduction") and len(scopes) == 2:
    block, part = scopes
    if part.endswith("_norm"):
      return f"{block}/{part.removesuffix('_norm')}/Norm_0/{leaf}"
    if part != "shortcut":
      return f"{block}/{part}/Conv_0/{leaf}"
  return path


def to_own(tree, genotype):
  flat = flax.traverse_util.flatten_dict(tree, sep="/")
  pairs = {own_path(path, genotype): leaf for path, leaf in flat.items()}
  pairs.pop(None, None)
  return flax.traverse_util.unflatten_dict(pairs, sep="/")


@pytest.mark.parametrize("genotype", [(3, 2, 0, 1, 4, 3), (0, 4, 3, 2, 1, 2)])
def test_shared_network_is_the_network_of_the_cell(genotype):
  shared = nb201_shared.SharedNetwork(SKELETON)
  own = networks.build("nb201", np.array(genotype), skeleton=SKELETON)
  codes = jnp.array(genotype)
  images = jax.random.normal(jax.random.key(0), (4, 8, 8, 3))
  variables = shared.init(jax.random.key(1), images, codes)
  logits, changed = jax.jit(
    lambda variables: shared.apply(
      variables, images, codes, train=True, mutable=["batch_stats"]
    )
  )(variables)
  mapped = {name: to_own(tree, genotype) for name, tree in variables.items()}
  expected, stats = jax.jit(
    lambda variables: own.apply(
      variables, images, train=True, mutable=["batch_stats"]
    )
  )(mapped)
  np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-4)
  found = to_own(changed["batch_stats"], genotype)
  assert jax.tree.structure(found) == jax.tree.structure(stats["batch_stats"])
  for one, other in zip(
    jax.tree.leaves(found), jax.tree.leaves(stats["batch_stats"]), strict=True
  ):
    np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)
