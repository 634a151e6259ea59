"""Folders of embedders: `embedder.npz`, with a digest, and a card.

Dimensions: `N` nodes of a cell, `L` latent numbers of a node.
"""

import json
import pathlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import traverse_util

from nasjax import compiler, errors, files, foreign
from nasjax.io import replacing
from nasjax.systems.arch2vec import drawing, embeddings
from nasjax.systems.arch2vec import model as models

SHIPPED = pathlib.Path(__file__).parents[2] / "pretrained" / "arch2vec"
FILE, CARD, FOLDER = "embedder.npz", "README.md", "embedder"
FIELDS = {
  "encoder": str,
  "width": int,
  "num_layers": int,
  "latent": int,
  "dropout_rate": float,
  "decoder": str,
}
"""Fields of the module that are kept, and their types."""
_LARGEST = {"width": 16_384, "num_layers": 64, "latent": 1024}
_FORMAT = "nasjax arch2vec 1"
_VARIABLES = "variables/"


class Stored(NamedTuple):
  """What a folder holds.

  Attributes:
    space: name of the space.
    fields: those of the module.
    variables: its parameters and batch statistics by name, as
      `params/mean/bias`.
    prior: `[2, N, L]`.
    card: where it comes from.
  """

  space: str
  fields: dict[str, Any]
  variables: Mapping[str, np.ndarray]
  prior: np.ndarray
  card: dict[str, Any]


def names() -> tuple[str, ...]:
  """Names of the embedders that come with nasjax."""
  return tuple(sorted(path.parent.name for path in SHIPPED.glob(f"*/{FILE}")))


def flat(variables: Any) -> dict[str, np.ndarray]:
  """Returns parameters and batch statistics by name (`Stored.variables`)."""
  found = traverse_util.flatten_dict(variables, sep="/")
  return {name: np.asarray(each) for name, each in found.items()}


def check_target(folder: files.PathLike) -> None:
  """Checks that a folder may be written.

  Raises:
    UserError: it has a file of our names that is no embedder's.
  """
  path = files.expand(folder) / FILE
  former = replacing.has_arrays("description", "prior")
  replacing.check_file(path, former, "an embedder")
  files.check_writable(path)


def write(folder: files.PathLike, found: Stored) -> None:
  """Writes an embedder; one that is there is replaced."""
  check_target(folder)
  path = files.expand(folder)
  description = {
    "format": _FORMAT,
    "space": found.space,
    "model": found.fields,
    "card": found.card,
  }
  files.save_npz(
    path / FILE,
    description=np.array(json.dumps(description)),
    prior=found.prior,
    **{_VARIABLES + name: each for name, each in found.variables.items()},
  )
  text = card_text(found.space, found.card).encode()
  files.write_atomic(path / CARD, lambda file: file.write(text))


def card_text(space: str, card: Mapping[str, Any]) -> str:
  """Returns a card in Markdown."""
  lines = [f"| {name} | {_words(value)} |" for name, value in card.items()]
  return (
    f"# arch2vec, {space}\n\nRepresentations of cells, learnt without a label "
    "(`docs/arch2vec.md`):\n`nasjax.Embedder.load(...).embed(archs)`.\n\n"
    "| | |\n|---|---|\n" + "\n".join(lines) + "\n"
  )


def _words(value: Any) -> str:
  if isinstance(value, Mapping):
    return ", ".join(f"{name} {each}" for name, each in value.items())
  return str(value)


def read(name_or_path: files.PathLike) -> Stored:
  """Reads an embedder's folder, and checks its description.

  Raises:
    UserError: nothing is there, or it is damaged.
  """
  path = _find(name_or_path)
  arrays = files.load_npz(path, "train it again")
  if not {"description", "prior"} <= set(arrays):
    raise _other(path, f"the arrays {', '.join(sorted(arrays))[:200]}")
  description = embeddings.read_card(path, arrays.pop("description"))
  prior = arrays.pop("prior")
  if description.get("format") != _FORMAT:
    raise _other(path, f"the format {errors.quote(description.get('format'))}")
  space, card = description.get("space"), description.get("card")
  if not isinstance(space, str) or not isinstance(card, dict):
    raise _other(path, "no space or no card")
  fields = _check_fields(path, description.get("model"))
  variables = {
    name.removeprefix(_VARIABLES): each for name, each in arrays.items()
  }
  return Stored(space, fields, variables, prior, card)


@compiler.own_numbers()
def build(found: Stored, kinds: drawing.Classes) -> tuple[models.Arch2Vec, Any]:
  """Returns the module and its variables.

  Raises:
    UserError: the arrays have other shapes or types than the module's for the
      space, or hold numbers that are not finite.
  """
  model = models.Arch2Vec(num_classes=kinds.num, **found.fields)
  size = kinds.num_nodes
  nodes = jnp.zeros((2, size), jnp.int8)
  pairs = jnp.zeros((2, size, size), jnp.int8)
  example = drawing.Drawn(nodes, nodes, pairs)
  shapes = jax.eval_shape(model.init, jax.random.key(0), example)
  wanted: Any = traverse_util.flatten_dict(shapes, sep="/")
  prior = jax.ShapeDtypeStruct((2, size, model.latent), np.float32)
  given = {**found.variables, "prior": found.prior}
  if _kinds(given) != _kinds({**wanted, "prior": prior}):
    raise errors.UserError(
      f"an embedder of {found.space!r}: expected arrays of the shapes that its "
      "model has for this space, in float32, got others; train it again"
    )
  if not all(np.isfinite(each).all() for each in given.values()):
    raise errors.UserError(
      f"an embedder of {found.space!r}: expected finite numbers, got others; "
      "train it again"
    )
  variables = traverse_util.unflatten_dict(found.variables, sep="/")
  return model, jax.tree.map(jnp.asarray, variables)


def _kinds(arrays: Mapping[str, Any]) -> dict[str, Any]:
  return {name: (each.shape, each.dtype) for name, each in arrays.items()}


def _find(name_or_path: files.PathLike) -> pathlib.Path:
  if name_or_path in names():
    return SHIPPED / str(name_or_path) / FILE
  folder = files.expand(name_or_path)
  for path in (folder / FILE, folder / FOLDER / FILE):
    if path.is_file():
      return path
  raise errors.UserError(
    f"no embedder in {errors.quote(str(folder))}: expected the workdir of an "
    f"arch2vec training, or one of {', '.join(names()) or 'none'}"
  )


def _check_fields(path: pathlib.Path, found: Any) -> dict[str, Any]:
  if not isinstance(found, dict) or sorted(found) != sorted(FIELDS):
    raise _other(path, "other fields of the model")
  for name, kind in FIELDS.items():
    value = found[name]
    if type(value) is not kind:
      raise _other(path, f"model.{name} = {errors.quote(value)}")
    if name in _LARGEST and not 1 <= value <= _LARGEST[name]:
      raise _other(path, f"model.{name} = {errors.quote(value)}")
  for name, known in (
    ("encoder", models.ENCODERS),
    ("decoder", models.DECODERS),
  ):
    if found[name] not in known:
      raise _other(path, f"model.{name} = {errors.quote(found[name])}")
  return found


def _other(path: pathlib.Path, got: str) -> errors.UserError:
  return errors.UserError(
    f"{foreign.name_of(path)}: expected an embedder that train.py wrote, got "
    f"{got}; train it again"
  )
