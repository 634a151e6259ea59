"""The program for all NAS-Bench-201 cells against the network of each cell."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from flax.traverse_util import flatten_dict, unflatten_dict

from nasjax import networks
from nasjax.networks import nb201, nb201_shared

GENOTYPE = (3, 2, 0, 1, 4, 3)
TRAIN = {"mutable": ["batch_stats"]}


def own_path(path: str) -> str | None:
  """Where the network of `GENOTYPE` keeps a leaf of the shared network."""
  *scopes, leaf = path.split("/")
  if scopes[0].startswith("edge"):
    wanted = {2: "conv_1x1", 3: "conv_3x3"}.get(GENOTYPE[int(scopes[0][-1])])
    if scopes[1] == wanted:
      return f"{scopes[0]}/Conv_0/{leaf}"
    used = scopes[1] == "norm" and wanted
    return f"{scopes[0]}/Norm_0/{leaf}" if used else None
  if scopes[0].startswith("reduction") and scopes[1] != "shortcut":
    block = scopes[1].removesuffix("_norm")
    part = "Conv_0" if block == scopes[1] else "Norm_0"
    return f"{scopes[0]}/{block}/{part}/{leaf}"
  if scopes[0] == "classifier":
    return f"classifier/dense/{leaf}"
  return path


def to_own(tree):
  flat = flatten_dict(tree, sep="/")
  pairs = {own_path(path): leaf for path, leaf in flat.items()}
  pairs.pop(None, None)
  return unflatten_dict(pairs, sep="/")


def assert_close(found, expected):
  assert jax.tree.structure(found) == jax.tree.structure(expected)
  for one, other in zip(
    jax.tree.leaves(found), jax.tree.leaves(expected), strict=True
  ):
    np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


def test_cell_with_its_genotype_as_an_argument():
  shared = nb201_shared._Cell(True, jnp.float32)
  own = nb201._Cell(GENOTYPE, jnp.float32)
  x = jax.random.normal(jax.random.key(0), (3, 4, 4, 2))
  codes = jnp.array(GENOTYPE)

  @jax.jit
  def run(turned, codes):
    variables = shared.init(jax.random.key(1), turned, codes)
    return variables, *shared.apply(variables, turned, codes, **TRAIN)

  variables, y, changed = run(jnp.transpose(x, (3, 1, 2, 0)), codes)
  mapped = {name: to_own(tree) for name, tree in variables.items()}
  expected, stats = jax.jit(lambda v: own.apply(v, x, True, **TRAIN))(mapped)
  assert_close(jnp.transpose(y, (3, 1, 2, 0)), expected)
  assert_close(to_own(changed["batch_stats"]), stats["batch_stats"])


class _NoCell(nn.Module):
  """Takes the place of the cells of both networks."""

  first: object
  dtype: object

  def __call__(self, x, _):
    return x


def test_skeleton_around_the_cells(monkeypatch):
  monkeypatch.setattr(nb201_shared, "_Cell", _NoCell)
  monkeypatch.setattr(nb201, "_Cell", _NoCell)
  skeleton = networks.Skeleton.small(
    "nb201", channels=2, image_size=8, num_classes=3, stem_stride=2
  )
  shared = nb201_shared.SharedNetwork(skeleton)
  own = networks.build("nb201", np.array(GENOTYPE), skeleton=skeleton)
  images = jax.random.normal(jax.random.key(0), (4, 8, 8, 3))
  codes = jnp.array(GENOTYPE)

  @jax.jit
  def run(images, codes):
    variables = shared.init(jax.random.key(1), images, codes)
    trained = shared.apply(variables, images, codes, train=True, **TRAIN)
    return variables, *trained, shared.apply(variables, images, codes)

  variables, logits, changed, tested = run(images, codes)
  mapped = {name: to_own(tree) for name, tree in variables.items()}
  expected, stats = jax.jit(
    lambda v: own.apply(v, images, train=True, **TRAIN)
  )(mapped)
  assert_close(logits, expected)
  assert_close(to_own(changed["batch_stats"]), stats["batch_stats"])
  assert_close(tested, jax.jit(lambda v: own.apply(v, images))(mapped))
