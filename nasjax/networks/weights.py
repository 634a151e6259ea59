"""Weights of a trained network: one checked file, read back and applied.

The file is a `.npz` without pickled objects: parameters, running statistics,
the mean and spread by which images are normalised, and a manifest in JSON.
"""

import dataclasses
import functools
import json
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from flax import traverse_util

from nasjax import compiler, errors, files, foreign
from nasjax.networks import epoch, nb201_shared, registry
from nasjax.networks.skeleton import Skeleton
from nasjax.networks.state import cell_arguments
from nasjax.spaces import registry as spaces

_FORMAT = 1
_COLLECTIONS = ("params", "batch_stats")
_SERIES = ("mean", "scale")


@dataclasses.dataclass(frozen=True)
class Facts:
  """Description of a network and of its training.

  Attributes:
    space: name of its space.
    arch: official notation of its cell.
    skeleton: how the cell is stacked.
    dtype: number format of the computation.
    shared: whether it has the parameters of `nb201_shared`.
    image_set: name of the images.
    num_classes: classes of the images; the skeleton may have more.
    class_names: their names in the order of the logits; empty where they have
      none.
    seed: seed of the training.
    epochs: epochs of the training.
    test_accuracy: after the last epoch, percent.
  """

  space: str
  arch: str
  skeleton: Skeleton
  dtype: str
  shared: bool
  image_set: str
  num_classes: int
  class_names: tuple[str, ...]
  seed: int
  epochs: int
  test_accuracy: float | None


@dataclasses.dataclass(frozen=True, eq=False)
class TrainedNetwork:
  """A network with its weights.

  Attributes:
    facts: what it is and what it was trained on.
    module: the Flax module; `SharedNetwork` takes the genotype besides images.
    variables: collections `params` and `batch_stats`.
    genotype: `[G]` of a `SharedNetwork`, else `[0]`.
    mean: mean of the channels of the training images, `[C]`.
    scale: their inverse standard deviation, `[C]`.
  """

  facts: Facts
  module: nn.Module
  variables: dict[str, Any]
  genotype: np.ndarray
  mean: np.ndarray
  scale: np.ndarray

  def logits(self, images: Any, batch: int = epoch.TEST_BATCH) -> np.ndarray:
    """Maps images `[n, H, W, C]` uint8 to logits `[n, num_classes]` float32.

    Args:
      images: images of the skeleton's size and channels. Those of the training
        were resized to that size (`nasjax.images.ImageSet.resized`).
      batch: images of one call.

    Raises:
      UserError: the images have another form.
    """
    images = np.asarray(images)
    size = self.facts.skeleton.image_size
    expected = (size, size, self.facts.skeleton.image_channels)
    if images.shape[1:] != expected or images.dtype != np.uint8:
      raise errors.UserError(
        f"images: expected uint8 [n, {', '.join(map(str, expected))}], got "
        f"{images.dtype} {list(images.shape)}; resize them"
      )
    if not len(images):
      return np.zeros((0, self.facts.num_classes), np.float32)
    size = min(batch, len(images))
    parts = []
    for start in range(0, len(images), size):
      rows = np.arange(start, start + size) % len(images)
      found = self._apply(images[rows])
      parts.append(np.asarray(found)[: len(images) - start])
    return np.concatenate(parts)[:, : self.facts.num_classes]

  def predict(self, images: Any) -> np.ndarray:
    """Numbers of the classes of images `[n, H, W, C]` uint8, `[n]`.

    `facts.class_names` has their names.

    Raises:
      UserError: the images have another form.
    """
    return self.logits(images).argmax(-1)

  def accuracy(self, images: Any, labels: Any) -> float:
    """Percent of images whose class is the label `[n]`.

    Raises:
      UserError: the images have another form, or labels another number.
    """
    labels = np.asarray(labels)
    found = self.predict(images)
    if labels.shape != found.shape or not len(found):
      raise errors.UserError(
        f"labels: expected one for each of {len(found)} images, at least one, "
        f"got shape {list(labels.shape)}"
      )
    return 100 * float((found == labels).mean())

  @functools.cached_property
  def _apply(self) -> Any:
    def apply(images, variables, mean, scale, genotype):
      images = epoch.normalise(images, mean, scale)
      return self.module.apply(variables, images, *cell_arguments(genotype))

    compiled = compiler.jit(apply)
    codes = jnp.asarray(self.genotype, jnp.int32)
    return lambda images: compiled(
      images, self.variables, self.mean, self.scale, codes
    )


def save(
  path: files.PathLike,
  facts: Facts,
  variables: dict[str, Any],
  mean: Any,
  scale: Any,
) -> None:
  """Writes the weights of one network.

  Args:
    path: the file, `.npz`.
    facts: what the network is.
    variables: collections `params` and `batch_stats`, nested dicts of arrays.
    mean: mean of the channels of the training images, `[C]`.
    scale: their inverse standard deviation, `[C]`.

  Raises:
    UserError: the file cannot be written.
  """
  flat = {
    f"{name}/{key}": np.asarray(leaf)
    for name in _COLLECTIONS
    for key, leaf in _flat(variables[name]).items()
  }
  manifest = {"format": _FORMAT, **dataclasses.asdict(facts)}
  files.save_npz(
    path,
    manifest=np.array(json.dumps(manifest)),
    mean=np.asarray(mean, np.float32),
    scale=np.asarray(scale, np.float32),
    **flat,
  )


def _flat(tree: Any) -> dict[str, Any]:
  return traverse_util.flatten_dict(tree, sep="/")


def load(path: files.PathLike) -> TrainedNetwork:
  """Reads the weights that a training kept (`search.py --evaluate`).

  Args:
    path: the file `weights_*.npz`, or the folder of a cell, of which the first
      training is taken.

  Raises:
    UserError: nothing is there, or it is damaged or of another network.
  """
  path = files.expand(path)
  if path.is_dir():
    path = path / file_name(0)
  arrays = files.load_npz(path)
  with foreign.reading(path, "weights of a network that nasjax trained"):
    facts = _read_facts(json.loads(str(arrays["manifest"])))
    module, genotype = make_module(facts)
    _check(module, genotype, facts.skeleton, arrays)
    variables = {
      name: traverse_util.unflatten_dict(
        {
          key.removeprefix(f"{name}/"): jnp.asarray(array)
          for key, array in arrays.items()
          if key.startswith(f"{name}/")
        },
        sep="/",
      )
      for name in _COLLECTIONS
    }
  return TrainedNetwork(
    facts, module, variables, genotype, *(arrays[name] for name in _SERIES)
  )


def file_name(training: int) -> str:
  """Name of the file of a cell's training, in the order of its results."""
  return f"weights_{training}.npz"


def _read_facts(manifest: dict[str, Any]) -> Facts:
  if manifest.pop("format") != _FORMAT:
    raise ValueError("another format")
  skeleton = Skeleton(**manifest.pop("skeleton"))
  names = tuple(manifest.pop("class_names"))
  return Facts(**manifest, skeleton=skeleton, class_names=names)


def make_module(facts: Facts) -> tuple[nn.Module, np.ndarray]:
  """The module of a network, and the codes that it takes as an argument.

  Raises:
    UserError: the space or the cell is unknown.
  """
  dtype = jnp.dtype(facts.dtype)
  genotype = spaces.get_space(facts.space).parse([facts.arch])[0]
  if facts.shared:
    return nb201_shared.SharedNetwork(facts.skeleton, dtype), genotype
  module = registry.build(
    facts.space, genotype, skeleton=facts.skeleton, dtype=dtype
  )
  return module, np.zeros(0, np.int8)


def _check(
  module: nn.Module,
  genotype: np.ndarray,
  skeleton: Skeleton,
  arrays: dict[str, np.ndarray],
) -> None:
  """Checks names, shapes and types of all arrays against the module."""
  size, channels = skeleton.image_size, skeleton.image_channels
  images = jax.ShapeDtypeStruct((1, size, size, channels), jnp.float32)
  codes = jnp.asarray(genotype, jnp.int32)
  shapes = jax.eval_shape(
    lambda key, x: module.init(key, x, *cell_arguments(codes)),
    jax.random.key(0),
    images,
  )
  expected = {
    f"{name}/{key}": (leaf.shape, leaf.dtype)
    for name in _COLLECTIONS
    for key, leaf in _flat(shapes.get(name, {})).items()
  }
  expected |= {name: ((channels,), np.dtype(np.float32)) for name in _SERIES}
  found = {
    name: (array.shape, array.dtype)
    for name, array in arrays.items()
    if name != "manifest"
  }
  if found != expected:
    raise ValueError("arrays of another network")
