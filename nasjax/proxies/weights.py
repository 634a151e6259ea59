"""The kernels of a network: their shapes, initial numbers, gates.

Dimensions: `N` nodes of a cell, `F` output channels, `B` images.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from nasjax import operators
from nasjax.proxies.plan import STAGES, Graph, Params, Plan


def init(plan: Plan, key: jax.Array) -> Params:
  """Draws all kernels; none of them depends on the cell."""
  shapes = _shapes(plan)
  leaves, structure = jax.tree.flatten(
    shapes, is_leaf=lambda x: isinstance(x, _Shape)
  )
  keys = jax.random.split(key, len(leaves))
  drawn = [
    plan.skeleton.draw(own, leaf.shape, leaf.fan_in)
    for own, leaf in zip(keys, leaves, strict=True)
  ]
  return jax.tree.unflatten(structure, drawn)


def _shapes(plan: Plan) -> Params:
  skeleton = plan.skeleton
  width = skeleton.channels
  found: Params = {"stem": _conv_shape(9, skeleton.image_channels, width)}
  for stage in range(STAGES):
    if stage:
      own = {"shortcut": _conv_shape(1, width, 2 * width)}
      if skeleton.is_residual:
        own["first"] = _conv_shape(9, width, 2 * width)
        own["second"] = _conv_shape(9, 2 * width, 2 * width)
      found[f"reduction{stage}"] = own
      width *= 2
      if plan.num_cells > 1:
        found[f"stage{stage}_first"] = _cell_shapes(plan, width)
    lead = (skeleton.cells_per_stage,)
    found[f"stage{stage}"] = _cell_shapes(plan, width, lead)
  found["classifier"] = _conv_shape(1, width, skeleton.num_classes)
  return found


def _cell_shapes(plan: Plan, width: int, lead: tuple[int, ...] = ()) -> Params:
  """Shapes of the kernels of cells, `lead` and the nodes before all else."""
  return {
    each.name: _operator_shapes(each, width, (*lead, plan.num_nodes))
    for each in plan.own
    if each.kind != "pool"
  }


def gates(plan: Plan, batch: int) -> Params:
  """Gates that change nothing, for a number of images."""
  return jax.tree.map(
    lambda leaf: jnp.ones((*leaf.shape[:-2], leaf.features, batch)),
    _shapes(plan),
    is_leaf=lambda x: isinstance(x, _Shape),
  )


def live(plan: Plan, graph: Graph) -> Params:
  """1 for kernels that the cell uses, 0 for others.

  Returns:
    The tree of `init` without the last two axes of each kernel.
  """
  found = jax.tree.map(
    lambda _: jnp.ones(()),
    _shapes(plan),
    is_leaf=lambda x: isinstance(x, _Shape),
  )
  for stage in range(STAGES):
    for name, cell, lead in (
      (f"stage{stage}_first", 1, ()),
      (f"stage{stage}", 0, (plan.skeleton.cells_per_stage,)),
    ):
      for each, kernels in found.get(name, {}).items():
        chosen = graph.ops[cell] == operators.operator_id(each)
        used = chosen * graph.mask[cell]
        used = jnp.broadcast_to(used, (*lead, plan.num_nodes))
        found[name][each] = jax.tree.map(lambda _, used=used: used, kernels)
  return found


class _Shape(NamedTuple):
  """A kernel: its shape, inputs of an output, output channels."""

  shape: tuple[int, ...]
  fan_in: int
  features: int


def _conv_shape(num_taps: int, channels: int, features: int) -> _Shape:
  fan_in = num_taps * channels
  return _Shape((fan_in, features), fan_in, features)


def _operator_shapes(
  each: operators.Operator, width: int, lead: tuple[int, ...]
):
  """Shapes of the kernels of an operator at all nodes."""
  num_taps = each.kernel[0] * each.kernel[1] if each.kind == "conv" else 1
  found = {}
  for i in range(max(each.repeats, 1)):
    if each.depthwise:
      shape = (*lead, num_taps * width, 1)
      found[f"depthwise{i}"] = _Shape(shape, num_taps, width)
      found[f"pointwise{i}"] = _Shape((*lead, width, width), width, width)
    else:
      fan_in = num_taps * width
      found[f"conv{i}"] = _Shape((*lead, fan_in, width), fan_in, width)
  return found
