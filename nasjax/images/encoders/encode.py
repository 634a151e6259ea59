"""Images in, embeddings out: in batches, jitted once, kept by content.

Dimensions: `n` images, `D` width of an embedding.
"""

import functools
import hashlib
from collections.abc import Sequence

import jax
import numpy as np

from nasjax import compiler, errors, files, progress
from nasjax.images import base, pixels
from nasjax.images.encoders import layers, registry
from nasjax.io import cache as caches

_VERSION = 1  # of the preprocessing; another one means another cache file


def encode(
  images: base.ImageSet | np.ndarray | Sequence[np.ndarray],
  encoder: str = registry.DEFAULT,
  *,
  weights: files.PathLike | None = None,
  batch_size: int = 32,
  cache: bool = True,
) -> np.ndarray:
  """Embeds images with a frozen network.

  The result is kept in the cache folder under the sha256 of the images, the
  encoder and its weights, so that the same images are never embedded twice.

  Args:
    images: an image set, `[n, H, W, C]` uint8, or n arrays `[H, W, C]` uint8.
    encoder: one of `encoder_names()`.
    weights: the user's own file of weights; needed for `resnet18`.
    batch_size: images in one step; smaller sets are padded to a power of two.
    cache: whether results are kept and looked up.

  Returns:
    `[n, D]` float32.

  Raises:
    UserError: the encoder is unknown, its weights are missing or damaged, or
      an image is.
  """
  entry = registry.get_encoder(encoder)
  path = registry.weights_path(entry, weights)
  pictures = images.images if isinstance(images, base.ImageSet) else images
  if not len(pictures) or batch_size < 1:
    raise errors.UserError(
      "encode: expected at least one image and a batch of at least one, got "
      f"{len(pictures)} and {batch_size}"
    )

  def make() -> dict[str, np.ndarray]:
    params = registry.load_params(entry, path)
    return {"embeddings": _run(entry, params, pictures, batch_size)[0]}

  if not cache:
    return make()["embeddings"]
  if not path.is_file():
    raise errors.UserError(f"no such file of weights: {str(path)!r}")
  key = _key(pictures, f"{_VERSION}:{encoder}:{files.sha256(path)}")
  found = caches.cached(f"embeddings-{encoder}", key, make, folder="images")
  return found["embeddings"]


def classify(
  images: np.ndarray | Sequence[np.ndarray],
  encoder: str = registry.DEFAULT,
  *,
  weights: files.PathLike | None = None,
  batch_size: int = 32,
) -> np.ndarray:
  """Returns scores `[n, 1000]` of the ImageNet classes; see `encode`."""
  entry = registry.get_encoder(encoder)
  params = registry.load_params(entry, registry.weights_path(entry, weights))
  return _run(entry, params, images, batch_size)[1]


def _key(images: base.Images, prefix: str) -> str:
  """Returns the sha256 of the prefix and of all pixels with their shapes."""
  digest = hashlib.sha256(prefix.encode())
  for row in range(len(images)):
    image = images[row]
    pixels.check(image, 3, f"image {row}")
    digest.update(f";{image.shape}".encode())
    digest.update(image.tobytes())
  return digest.hexdigest()


@functools.partial(jax.jit, static_argnums=0)
def _step(
  encoder: registry.Encoder, params: layers.Params, images: jax.Array
) -> tuple[jax.Array, jax.Array]:
  """Runs one batch of uint8 images."""
  return encoder.apply(params, encoder.prepare(images.astype(np.float32)))


@compiler.own_numbers()
def _run(
  encoder: registry.Encoder,
  params: layers.Params,
  images: base.Images,
  batch_size: int,
) -> tuple[np.ndarray, np.ndarray]:
  """Returns embeddings and class scores of all images.

  Images are resized batch by batch; the last batch is padded.
  """
  num = len(images)
  size = min(batch_size, 1 << (num - 1).bit_length())
  device_params = jax.device_put(params)
  results = []
  with progress.Progress(
    f"encode with {encoder.name}", num if num > size else None, unit="images"
  ) as bar:
    for start in range(0, num, size):
      rows = range(start, min(start + size, num))
      batch = np.zeros(
        (size, encoder.image_size, encoder.image_size, 3), np.uint8
      )
      batch[: len(rows)] = pixels.resize_all(
        [images[row] for row in rows], encoder.image_size, 3, encoder.method
      )
      outputs = _step(encoder, device_params, jax.device_put(batch))
      results.append([np.asarray(each)[: len(rows)] for each in outputs])
      bar.update(len(rows))
  embeddings, scores = zip(*results, strict=True)
  return np.concatenate(embeddings), np.concatenate(scores)
