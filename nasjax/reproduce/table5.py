"""Table 5: how much of the cell's structure the node states hold.

Two coefficients between the adjacency matrix `C [N, N]` and the node states
`H [N, F]` of one cell, over its real nodes:

- cosine (eq. 18 of Wang et al. 2024). The paper compares rows of `C` with `H_N`
  and does not say how vectors of length `N` and `F` meet. Here each node's
  states become a vector over the nodes as well: row i of the cosine
  similarities between the rows of `H`, without entry i itself (`C` has no
  self-loops). The coefficient is the mean over nodes that feed another node.
- RV (Robert and Escoufier 1976) of the column-centred matrices,
  `tr(S_C S_H) / sqrt(tr(S_C S_C) tr(S_H S_H))` with `S_X = X X^T`; it takes
  matrices of different width as they are.

Row `paper` has the states behind the encoder GCN, `paper before GCN` those that
this GCN reads. `paper_mlp` is trained without any GCN here, the encoder's
included (the table compares a model with GCN layers to one without); its states
are those that the MLP reads. Values are means over all cells of the benchmark,
one for each seed.
"""

import dataclasses
import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from nasjax import compiler, errors
from nasjax.experiments import experiment, tasks
from nasjax.features import inputs
from nasjax.reproduce import outcomes, reports, results
from nasjax.systems import registry as models

SPEC = reports.Spec(
  what="cosine and RV coefficient of adjacency and node states, with and "
  "without the GCN (table 5 of Wang et al. 2024; the MLP row is trained "
  "without the GCN of the encoder too, other than in table 3)",
  spaces=("nb201",),
  methods=("paper_mlp", "paper"),
  known=("paper_mlp", "paper", "default", "paper_onehot", "paper_inference"),
  sizes={"nb201": (78, 156, 781, 1563)},
)
_CHUNK = 1024
_LAYERS = ("transformer", "encoder")


def run(options: reports.Options) -> None:
  """Trains both heads, measures the coefficients and writes the table."""

  def coefficient_rows(outcome: outcomes.Outcome) -> list[results.Row]:
    rows = []
    for layer, values in coefficients(outcome, options.setup.data_dir).items():
      for metric, column in zip(("cosine", "rv"), values.T, strict=True):
        row = outcome.row(metric, column.tolist())
        if layer != "last":
          row = {**row, "method": f"{row['method']} before GCN"}
          row["published"] = None
        rows.append(row)
    return rows

  reports.collect(without_gcn(options), extra_rows=coefficient_rows)
  reports.finish(options)


def without_gcn(options: reports.Options) -> reports.Options:
  """Drops the encoder GCN from the recipe `paper_mlp`."""

  def recipe(method, space, num_train):
    config = options.setup.recipe(method, space, num_train)
    if method == "paper_mlp":
      config.model.encoder_layers = 0
    return config

  setup = dataclasses.replace(options.setup, recipe=recipe)
  return dataclasses.replace(options, setup=setup)


def cosine(adjacency: jax.Array, states: jax.Array, mask: jax.Array):
  """Mean cosine of adjacency rows and similarity rows; a scalar.

  Args:
    adjacency: `[N, N]`.
    states: `[N, F]`.
    mask: `[N]`, 1 on real nodes.

  Returns:
    The mean over the nodes with an outgoing edge; 0 where there is none.
  """
  states = states * mask[:, None]
  length = jnp.linalg.norm(states, axis=1, keepdims=True)
  units = states / jnp.maximum(length, 1e-12)
  others = (units @ units.T) * (1 - jnp.eye(len(mask)))
  dots = jnp.sum(adjacency * others, axis=1)
  lengths = jnp.linalg.norm(adjacency, axis=1) * jnp.linalg.norm(others, axis=1)
  feeds = jnp.sum(adjacency, axis=1) > 0
  values = jnp.where(feeds, dots / jnp.maximum(lengths, 1e-12), 0.0)
  return jnp.sum(values) / jnp.maximum(jnp.sum(feeds), 1)


def rv(adjacency: jax.Array, states: jax.Array, mask: jax.Array):
  """RV coefficient of adjacency and states over the real nodes; in [0, 1].

  Args and shapes as in `cosine`; 0 where one of them is constant.
  """

  def gram(matrix):
    mean = jnp.sum(matrix * mask[:, None], axis=0) / jnp.sum(mask)
    centred = (matrix - mean[None, :]) * mask[:, None]
    return centred @ centred.T

  first, second = gram(adjacency), gram(states)
  scale = jnp.sum(first**2) * jnp.sum(second**2)
  return jnp.sum(first * second) / jnp.sqrt(jnp.maximum(scale, 1e-24))


def coefficients(
  outcome: outcomes.Outcome, data_dir: str | None
) -> dict[str, np.ndarray]:
  """Coefficients of a finished experiment.

  Returns:
    `last` (what the head reads) and, where there is an encoder GCN,
    `transformer` (what the GCN reads): `[S, 2]`, cosine and RV of each seed.

  Raises:
    UserError: the model is not the architecture-enhanced predictor.
  """
  config = outcome.config
  if config.model.name != "architecture":
    raise errors.UserError(
      f"table5: expected a recipe of the model 'architecture', got "
      f"{config.model.name!r} for {outcome.method!r}"
    )
  task = tasks.make_task(config, data_dir)
  params = experiment.train(config, task, outcome.folder).params
  model = models.create_model(config.model)
  names = _LAYERS if config.model.encoder_layers else _LAYERS[:1]
  measure = compiler.jit(
    functools.partial(_measure, model, task.benchmark.space, config.prune)
  )
  genotypes = task.benchmark.genotypes
  values = []
  for seed in range(len(task.splits)):
    mine = jax.tree.map(lambda leaf, seed=seed: leaf[seed, 0], params)
    total = np.zeros((len(names), 2))
    for start in range(0, len(genotypes), _CHUNK):
      part = genotypes[start : start + _CHUNK]
      padded = np.resize(part, (_CHUNK, part.shape[1]))
      total += np.asarray(measure(mine, padded))[: len(part)].sum(axis=0)
    values.append(total / len(genotypes))
  by_layer = np.moveaxis(np.stack(values), 1, 0)
  found = {"last": by_layer[-1]}
  if len(names) > 1:
    found["transformer"] = by_layer[0]
  return found


def _measure(model, space, prune, params: Any, genotypes: jax.Array):
  """Coefficients of cells `[B, G]` at every layer, `[B, L, 2]`."""
  cells = inputs.make(space, genotypes, model.reads, prune=prune)

  def one(cell):
    _, found = model.apply(
      params,
      cell,
      mutable=["intermediates"],
      capture_intermediates=lambda module, _: module.name in _LAYERS,
    )
    layers = found["intermediates"]
    states = [layers[n]["__call__"][0] for n in _LAYERS if n in layers]
    return jnp.stack(
      [
        jnp.stack([f(cell.adjacency, h, cell.mask) for f in (cosine, rv)])
        for h in states
      ]
    )

  return jax.vmap(one)(cells)
