"""Networks of cells: official parameter counts, layers, mistakes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import nasjax
from nasjax import errors, networks
from nasjax.networks import layers

CONV = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+"
CONV += "|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|"


def cells(name: str, num: int) -> np.ndarray:
  space, rng = nasjax.get_space(name), np.random.default_rng(1)
  if name == "nb101":
    return space.sample_valid(num, rng)
  return space.sample(num, rng)


def test_known_official_counts():
  # NAS-Bench-201 tabulates 1.073466 M for the cell of six 3 x 3 convolutions.
  assert networks.count_params(networks.build("nb201", CONV)) == 1_073_466
  # The published genotype of DARTS (second order) has 3.3 M with C = 36.
  second_order = {
    "normal": [
      ("sep_conv_3x3", 0), ("sep_conv_3x3", 1), ("sep_conv_3x3", 0),
      ("sep_conv_3x3", 1), ("sep_conv_3x3", 1), ("skip_connect", 0),
      ("skip_connect", 0), ("dil_conv_3x3", 2),
    ],
    "normal_concat": range(2, 6),
    "reduce": [
      ("max_pool_3x3", 0), ("max_pool_3x3", 1), ("skip_connect", 2),
      ("max_pool_3x3", 1), ("max_pool_3x3", 0), ("skip_connect", 2),
      ("skip_connect", 2), ("max_pool_3x3", 1),
    ],
    "reduce_concat": range(2, 6),
  }  # fmt: skip
  params = networks.count_params(networks.build("darts", second_order))
  assert params == 3_349_342
