"""Networks of cells: official parameter counts, layers, mistakes."""

import os

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax.traverse_util import flatten_dict

import nasjax
from nasjax import errors, networks
from nasjax.networks import layers

# The complete check traces 200 official networks of each space: minutes.
NUM_CELLS = 200 if os.environ.get("NASJAX_SLOW_TESTS") else 5


def cells(name: str, num: int) -> np.ndarray:
  space, rng = nasjax.get_space(name), np.random.default_rng(1)
  if name == "nb101":
    return space.sample_valid(num, rng)
  return space.sample(num, rng)


@pytest.mark.parametrize("name", ["nb201", "nb101"])
def test_parameters_equal_the_official_counts(name):
  space, genotypes = nasjax.get_space(name), cells(name, NUM_CELLS)
  counts = [networks.count_params(networks.build(name, g)) for g in genotypes]
  assert counts == space.num_params(genotypes).tolist()


@pytest.mark.parametrize(
  ("channels", "layers", "num"), [(36, 20, 1), (4, 5, 5)]
)
def test_parameters_equal_the_official_counts_of_darts(channels, layers, num):
  space = nasjax.get_space("darts")
  genotypes = cells("darts", NUM_CELLS if NUM_CELLS > 5 else num)
  skeleton = networks.Skeleton.official(
    "darts", channels=channels, cells_per_stage=(layers - 2) // 3
  )
  counts = [
    networks.count_params(networks.build(space, g, skeleton=skeleton))
    for g in genotypes
  ]
  expected = space.num_params(genotypes, channels=channels, layers=layers)
  assert counts == expected.tolist()


@pytest.mark.parametrize("name", ["nb201", "nb101", "darts"])
def test_small_networks_give_logits_and_statistics(name):
  skeleton = networks.Skeleton.small(name, image_size=8, num_classes=7)
  module = networks.build(name, cells(name, 1)[0], skeleton=skeleton)
  images = jax.ShapeDtypeStruct((2, 8, 8, 3), jnp.float32)

  def train(images):
    variables = module.init(jax.random.key(0), images)
    logits, changed = module.apply(
      variables, images, train=True, mutable=["batch_stats"]
    )
    return variables, logits, changed

  variables, logits, changed = jax.eval_shape(train, images)
  assert logits.shape == (2, 7)
  assert logits.dtype == jnp.float32
  stats = flatten_dict(variables["batch_stats"])
  assert flatten_dict(changed["batch_stats"]).keys() == stats.keys()
  scales = [
    path for path in flatten_dict(variables["params"]) if "scale" in path
  ]
  assert 2 * len(scales) == len(stats)


def test_bfloat16_and_drop_path():
  skeleton = networks.Skeleton.small("darts", image_size=8)
  module = networks.build(
    "darts",
    cells("darts", 1)[0],
    skeleton=skeleton,
    dtype=jnp.bfloat16,
    drop_path=0.3,
  )

  def train(images):
    key = jax.random.key(0)
    variables = module.init(key, images)
    return variables["params"], module.apply(
      variables,
      images,
      train=True,
      mutable=["batch_stats"],
      rngs={"drop_path": key},
    )

  images = jax.ShapeDtypeStruct((2, 8, 8, 3), jnp.float32)
  params, (logits, _) = jax.eval_shape(train, images)
  assert logits.dtype == jnp.float32
  assert {leaf.dtype for leaf in jax.tree.leaves(params)} == {
    jnp.dtype(jnp.float32)
  }


@pytest.mark.parametrize(
  ("size", "stride", "dilation", "depthwise"),
  [(3, 1, 1, False), (3, 2, 1, False), (5, 1, 2, True), (3, 2, 1, True)],
)
def test_cpu_convolution_is_xlas(size, stride, dilation, depthwise):
  rng = np.random.default_rng(0)
  x = rng.standard_normal((2, 8, 8, 4)).astype(np.float32)
  shape = (size, size, 1 if depthwise else 4, 4 if depthwise else 6)
  kernel = rng.standard_normal(shape).astype(np.float32)
  cpu = layers._shift_depthwise if depthwise else layers._multiply_patches
  one = cpu(jnp.array(x), jnp.array(kernel), stride, dilation)
  other = layers._convolve(jnp.array(x), jnp.array(kernel), stride, dilation)
  np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


def test_average_pool_leaves_padding_out():
  x = jnp.arange(16.0).reshape(1, 4, 4, 1)
  pooled = np.asarray(layers.average_pool_3x3(x))[0, :, :, 0]
  # Corner: 0 1 4 5; edge: 0 1 2 4 5 6; inside: 0 1 2 4 5 6 8 9 10.
  assert pooled[0, 0] == pytest.approx(2.5)
  assert pooled[0, 1] == pytest.approx(3.0)
  assert pooled[1, 1] == pytest.approx(5.0)
  halved = np.asarray(layers.average_pool_3x3(x, 2))[0, :, :, 0]
  np.testing.assert_allclose(halved, pooled[::2, ::2])


def test_norm_uses_the_batch_in_training_and_its_memory_else():
  x = jnp.array([1.0, 3.0]).reshape(2, 1, 1, 1)
  norm = layers.Norm(momentum=0.5)
  variables = norm.init(jax.random.key(0), x, True)
  y, changed = norm.apply(variables, x, True, mutable=["batch_stats"])
  np.testing.assert_allclose(y.ravel(), [-1, 1], rtol=1e-4)
  stats = changed["batch_stats"]
  assert (float(stats["mean"][0]), float(stats["var"][0])) == (1.0, 1.0)
  after = norm.apply({**variables, **changed}, x, False)
  np.testing.assert_allclose(after.ravel(), [0, 2], rtol=1e-4)


def test_skeletons():
  assert networks.Skeleton.official("nb101").channels == 128
  small = networks.Skeleton.small("nb201", num_classes=4)
  assert (small.channels, small.image_size, small.num_classes) == (8, 16, 4)


@pytest.mark.parametrize(
  ("space", "change", "message"),
  [
    ("nb301", {}, "expected one of 'nb101', 'nb201', 'darts'"),
    ("nb201", {"image_size": 30}, "multiple of 4"),
    ("nb201", {"image_size": 12, "stem_stride": 2}, "multiple of 8"),
    ("nb201", {"channels": 0}, "positive integer as channels, got 0"),
    ("nb201", {"depth": 3}, "field of a skeleton 'depth'"),
  ],
)
def test_bad_skeletons_are_refused(space, change, message):
  with pytest.raises(errors.UserError, match=message):
    networks.Skeleton.small(space, **change)


def test_no_cell_of_the_space_is_refused():
  with pytest.raises(errors.UserError, match="not a cell"):
    networks.build("nb201", np.array([9, 0, 0, 0, 0, 0]))


@pytest.mark.parametrize(
  "function",
  [
    layers.average_pool_3x3,
    lambda x: layers.average_pool_3x3(x, 2),
    layers.halve_by_average,
    lambda x: convolved(x, layers.Conv(6, 3, 2)),
    lambda x: convolved(x, layers.Conv(4, 5, 1, 2, depthwise=True)),
  ],
)
def test_single_primitives_compute_the_same(function):
  x = jax.random.normal(jax.random.key(0), (2, 8, 12, 4))
  plain = function(x)
  with layers.single_primitives():
    single = function(x)
    names = {
      equation.primitive.name
      for equation in jax.make_jaxpr(function)(x).jaxpr.eqns
    }
  assert "pad" not in names
  np.testing.assert_allclose(plain, single, rtol=1e-5, atol=1e-5)


def convolved(x, module):
  variables = module.init(jax.random.key(1), x)
  return module.apply(variables, x)
