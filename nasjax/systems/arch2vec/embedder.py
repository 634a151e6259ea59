"""A trained autoencoder: cells to vectors, and vectors back to cells.

Dimensions: `n` architectures, `G` integers of a genotype, `C` cells of an
architecture, `N` nodes of a cell, `L` latent numbers of a node, `E = C * L`
numbers of an embedding, `O` classes of nodes.
"""

import functools
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from nasjax import compiler, errors, files
from nasjax.spaces import architectures
from nasjax.spaces import base as spaces_base
from nasjax.spaces import registry as spaces
from nasjax.systems.arch2vec import drawing, reconstruction, stored
from nasjax.systems.arch2vec import model as models

_CHUNK = 1024  # cells that are computed together
_MOST = 16_384  # architectures of a compiled call
_UNKNOWN = -1  # no operator id


class Embedder:
  """Maps architectures to the vectors of an autoencoder, and back.

  The embedding of a cell is the mean over its nodes of the means of their
  posterior; of an architecture of several cells it is those of its cells, side
  by side. Isomorphic cells of NAS-Bench-101 can differ where colour refinement
  does not tell their nodes apart (0.5 % of the cells).

  Attributes:
    space: the space of the architectures.
    model: the autoencoder, a linen module.
    variables: its parameters and batch statistics.
    prior: mean and spread of the latent numbers of each node over the training
      cells, `[2, N, L]` float32.
    card: space, training, reconstruction, command.
  """

  def __init__(
    self,
    space: spaces_base.Space,
    model: models.Arch2Vec,
    variables: Any,
    prior: np.ndarray,
    card: Mapping[str, Any],
  ):
    """Takes the parts of a trained autoencoder; `load` reads them."""
    self.space = space.whole
    self.model = model
    self.variables = variables
    self.prior = np.asarray(prior, np.float32)
    self.card = dict(card)

  @staticmethod
  def names() -> tuple[str, ...]:
    """Names of the embedders that come with nasjax."""
    return stored.names()

  @classmethod
  def load(
    cls,
    name_or_path: files.PathLike,
    space: "str | spaces_base.Space | None" = None,
  ) -> "Embedder":
    """Reads an embedder.

    Args:
      name_or_path: a name of `names()`, the workdir of a training, or the
        folder `embedder` in one.
      space: the space that is expected; that of the embedder where None.

    Raises:
      UserError: nothing is there, it is damaged, or it is of another space.
    """
    found = stored.read(name_or_path)
    if space is not None and spaces.as_space(space).whole.name != found.space:
      raise errors.UserError(
        f"{errors.quote(str(name_or_path))} is an embedder of the space "
        f"{found.space!r}: expected one of "
        f"{spaces.as_space(space).whole.name!r}"
      )
    own = spaces.get_space(found.space) if space is None else space
    own = spaces.as_space(own)
    model, variables = stored.build(found, drawing.classes_of(own.whole))
    return cls(own, model, variables, found.prior, found.card)

  def save(self, folder: files.PathLike) -> None:
    """Writes `embedder.npz` and a card (`README.md`) into a folder.

    Raises:
      UserError: the folder cannot be written, or holds another file of those
        names.
    """
    stored.write(
      folder,
      stored.Stored(
        self.space.name,
        {name: getattr(self.model, name) for name in stored.FIELDS},
        stored.flat(self.variables),
        self.prior,
        self.card,
      ),
    )

  @property
  def width(self) -> int:
    """`E`, numbers of an embedding."""
    return self._classes.num_cells * self.model.latent

  @property
  def _classes(self) -> drawing.Classes:
    return drawing.classes_of(self.space)

  def embed(self, archs: Any) -> np.ndarray:
    """Embeds architectures.

    Args:
      archs: notations of the space, or genotypes `[n, G]`; see
        `nasjax.spaces.architectures`.

    Returns:
      `[n, E]` float32, in their order.

    Raises:
      UserError: one is no architecture of the space.
    """
    genotypes = architectures.as_genotypes(self.space, archs)
    latent = self._run("embed", genotypes)
    return latent.reshape(len(latent), self.width)

  def encode(self, archs: Any) -> np.ndarray:
    """Means of the posterior of each node, `[n, C, N, L]` float32.

    Raises:
      UserError: one is no architecture of the space.
    """
    genotypes = architectures.as_genotypes(self.space, archs)
    return self._run("encode", genotypes)

  @compiler.own_numbers()
  def decode(self, latent: Any) -> tuple[np.ndarray, np.ndarray]:
    """Decodes latent numbers to architectures.

    Args:
      latent: `[n, C, N, L]`.

    Returns:
      Genotypes `[n, G]` int8, and which rows are architectures of the space,
      `[n]` bool; the others are all zeros.

    Raises:
      UserError: the shape is wrong, or the space does not read graphs back.
    """
    kinds = self._classes
    cell = kinds.num_nodes, self.model.latent
    numbers = _latent(latent, (kinds.num_cells, *cell))
    return self.read_cells(*self.decode_cells(numbers.reshape(-1, *cell)))

  def decode_cells(self, latent: Any) -> tuple[np.ndarray, np.ndarray]:
    """Decodes cells `[m, N, L]`: classes `[m, N]` and edges `[m, N, N]`.

    Raises:
      UserError: the shape is wrong.
    """
    shape = self._classes.num_nodes, self.model.latent
    codes, edges = self._run("decode", _latent(latent, shape))
    return codes, edges

  def read_cells(
    self, codes: np.ndarray, edges: np.ndarray
  ) -> tuple[np.ndarray, np.ndarray]:
    """Reads classes `[n * C, N]` and edges `[n * C, N, N]` as architectures."""
    kinds = self._classes
    ids = kinds.ids()[codes]
    ordinal = np.cumsum(codes < kinds.num_inputs, axis=1) - 1
    wrong = (codes < kinds.num_inputs) & (codes != ordinal)
    ids = np.where(wrong, _UNKNOWN, ids)
    count, size = kinds.num_cells, kinds.num_nodes
    num = len(codes) // count
    whole = np.zeros((num, count, size, count, size), np.int8)
    for cell in range(count):
      whole[:, cell, :, cell] = edges.reshape(num, count, size, size)[:, cell]
    nodes = count * size
    return self.space.from_graphs(
      ids.reshape(num, nodes), whole.reshape(num, nodes, nodes)
    )

  def sample(self, num: int, rng: np.random.Generator) -> np.ndarray:
    """Draws latent numbers of cells from `prior`, `[num, N, L]` float32.

    Each number is a normal draw with the mean and the spread that it has over
    the training cells.
    """
    noise = rng.standard_normal((num, *self.prior.shape[1:]), np.float32)
    return self.prior[0] + self.prior[1] * noise

  def _run(self, name: str, rows: np.ndarray) -> Any:
    """Runs a program on rows, padded to a power of two."""
    module: Any = self.model
    program, parts = _programs(self.space, module)[name], []
    for start in range(0, max(len(rows), 1), _MOST):
      part = rows[start : start + _MOST]
      size = max(_CHUNK, 1 << max(len(part) - 1, 0).bit_length())
      if not len(part):
        part = np.zeros((1, *rows.shape[1:]), rows.dtype)
      padded = np.resize(part, (size, *part.shape[1:]))
      found = program(self.variables, jnp.asarray(padded))
      count = len(rows[start : start + _MOST])
      parts.append(jax.tree.map(lambda x, n=count: np.asarray(x)[:n], found))
    return jax.tree.map(lambda *each: np.concatenate(each), *parts)


def _latent(given: Any, shape: tuple[int, ...]) -> np.ndarray:
  """Returns latent numbers `[n, *shape]` as float32."""
  try:
    found = np.asarray(given, np.float32)
  except (TypeError, ValueError) as error:
    raise errors.UserError(
      f"latent numbers: expected an array of numbers, got {errors.quote(given)}"
    ) from error
  if found.ndim != 1 + len(shape) or found.shape[1:] != shape:
    raise errors.UserError(
      "latent numbers: expected shape "
      f"[n, {', '.join(map(str, shape))}], got {list(found.shape)}"
    )
  return found


@functools.lru_cache(maxsize=8)
def _programs(
  space: spaces_base.Space, model: Any
) -> dict[str, compiler.Program]:
  """Compiled functions of variables and rows, a multiple of `_CHUNK`."""
  kinds = drawing.classes_of(space)

  def encode(variables, rows):
    cells = drawing.draw(space, rows)
    mean = model.apply(variables, cells, method="encode").mean
    return mean.reshape(len(rows), kinds.num_cells, *mean.shape[1:])

  def embed(variables, rows):
    cells = drawing.draw(space, rows)
    found = model.apply(variables, cells, method="embed")
    return found.reshape(len(rows), kinds.num_cells, found.shape[-1])

  def decode(variables, rows):
    logits = model.apply(variables, rows, method="decode")
    return reconstruction.hard(logits)

  def chunked(function):
    def run(variables, rows):
      chunks = rows.reshape(-1, _CHUNK, *rows.shape[1:])
      found = jax.lax.map(lambda each: function(variables, each), chunks)
      return jax.tree.map(lambda x: x.reshape(-1, *x.shape[2:]), found)

    return compiler.jit(run)

  return {
    "encode": chunked(encode),
    "embed": chunked(embed),
    "decode": chunked(decode),
  }
