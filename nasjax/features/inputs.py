"""Genotypes as what a model reads: the one place where that is made.

Dimensions: `B` and `n` architectures, `G` integers of a genotype, `S` seeds,
`F` features of a kind.
"""

import dataclasses
import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from nasjax import compiler, errors, graphs
from nasjax.features import kinds, reads, scales
from nasjax.spaces import base as spaces_base


@compiler.own_numbers()
def make(
  space: spaces_base.Space,
  genotypes: jax.Array,
  what: reads.Reads,
  *,
  prune: bool = True,
) -> graphs.CellGraphs:
  """Builds graphs and the kinds of features that a model reads; traceable.

  Standardised kinds have mean 0 and spread 1 over 4,096 cells that are drawn
  from the space once and for all; no label enters.

  Args:
    space: the space of the genotypes.
    genotypes: `[B, G]`.
    what: `model.reads`.
    prune: whether dead nodes are removed.

  Returns:
    Graphs with a leading axis `B`: of the cells, or of those that stand for
    their functions.

  Raises:
    UserError: the space has no functions or no edge features, or a function has
      no features of a kind.
  """
  genotypes = jnp.asarray(genotypes)
  if what.by_function:
    return _make_functions(space, genotypes, what, prune)
  cells = graphs.build(space.encode(genotypes), prune=prune)
  return dataclasses.replace(
    cells,
    features={
      name: _features(space, genotypes, cells, name) for name in what.kinds
    },
  )


def _features(
  space: spaces_base.Space,
  genotypes: jax.Array,
  cells: graphs.CellGraphs,
  name: str,
) -> jax.Array:
  """One kind of features as models read it, `[B, F]`."""
  kind = kinds.get(name)
  found = kind.compute(space, genotypes, cells)
  if not kind.standardised:
    return found
  mean, spread = scale_of(space, name)
  return (found - mean) / spread


def _make_functions(
  space: spaces_base.Space,
  genotypes: jax.Array,
  what: reads.Reads,
  prune: bool,
) -> graphs.CellGraphs:
  """`make` of the cells that stand for the functions of genotypes `[B, G]`."""
  functions = space.functions()
  if functions is None:
    raise errors.UserError(
      "config.model.functions: expected a space that says which cells compute "
      f"the same function (nb201), got {space.name!r}; set functions=False"
    )
  numbers = jnp.asarray(functions.numbers)[space.rows(genotypes)]
  chosen = jnp.asarray(functions.cells)[numbers]
  cells = graphs.build(space.encode(chosen), prune=prune)
  features = {}
  for name in what.kinds:
    how = kinds.get(name).of_function
    if not how:
      raise errors.UserError(
        "config.model.functions: expected kinds of features that a function "
        f"has (graph, signals), got {name!r}; set functions=False"
      )
    if how == "mean":
      features[name] = jnp.asarray(_mean_features(space, name))[numbers]
    else:
      features[name] = _features(space, chosen, cells, name)
  return dataclasses.replace(cells, features=features)


@functools.lru_cache(maxsize=16)
@compiler.own_numbers()
def _mean_features(space: spaces_base.Space, name: str) -> np.ndarray:
  """Mean features of the cells of each function, `[functions, F]` float32."""
  functions = space.functions()
  assert functions is not None

  def compute(genotypes):
    cells = graphs.build(space.encode(genotypes), prune=True)
    return _features(space, genotypes, cells, name)

  with jax.ensure_compile_time_eval():
    found = np.asarray(compiler.jit(compute)(space.enumerate()), np.float64)
  sums = np.zeros((len(functions.cells), found.shape[1]))
  np.add.at(sums, functions.numbers, found)
  counts = np.bincount(functions.numbers)[:, None]
  return (sums / counts).astype(np.float32)


def scale_of(space: spaces_base.Space, name: str) -> scales.Scale:
  """Mean and spread of a kind of features in a space, measured if unknown."""
  return scales.load(space.name, name) or measure_scale(space, name)


@functools.lru_cache(maxsize=16)
@compiler.own_numbers()
def measure_scale(space: spaces_base.Space, name: str) -> scales.Scale:
  """Measures mean and spread of a kind over 4,096 cells of a space."""
  drawn = space.sample(4096, np.random.default_rng(0))

  def compute(genotypes):
    cells = graphs.build(space.encode(genotypes), prune=True)
    return kinds.get(name).compute(space, genotypes, cells)

  with jax.ensure_compile_time_eval():
    found = compiler.jit(compute)(drawn)
    return scales.measure(np.asarray(found))


@functools.lru_cache(maxsize=64)
def program(
  space: spaces_base.Space, what: reads.Reads, prune: bool
) -> Callable[[jax.Array], graphs.CellGraphs]:
  """Returns the jitted `make`; the same arguments return the same program."""
  return compiler.jit(
    lambda genotypes: make(space, genotypes, what, prune=prune)
  )


@compiler.own_numbers()
def samples(
  space: spaces_base.Space,
  genotypes: np.ndarray,
  what: reads.Reads,
  *,
  prune: bool = True,
) -> graphs.CellGraphs:
  """Builds the inputs of training samples, fields `[S, n, ...]`.

  Args:
    space: the space of the samples.
    genotypes: `[S, n, G]`.
    what: `model.reads`.
    prune: whether dead nodes are removed.

  Raises:
    UserError: see `make`.
  """
  seeds, num, length = genotypes.shape
  rows = jnp.asarray(genotypes.reshape(seeds * num, length))
  return jax.tree.map(
    lambda field: field.reshape(seeds, num, *field.shape[1:]),
    program(space, what, prune)(rows),
  )


@compiler.own_numbers()
def example(
  space: spaces_base.Space, what: reads.Reads, *, prune: bool = True
) -> graphs.CellGraphs:
  """Shapes of what a model reads of one architecture; nothing is computed."""
  genotypes = jax.ShapeDtypeStruct((1, space.genotype_length), jnp.int8)
  cells = jax.eval_shape(
    lambda rows: make(space, rows, what, prune=prune), genotypes
  )
  return jax.tree.map(
    lambda leaf: jax.ShapeDtypeStruct(leaf.shape[1:], leaf.dtype), cells
  )
