"""Image sets: loaders, frozen encoders, and samples of embeddings."""

from nasjax.images.base import ImageSet
from nasjax.images.encoders.encode import encode
from nasjax.images.registry import image_set_names, load_images
from nasjax.images.sample import (
  ClassEmbeddings,
  embed_arrays,
  embed_classes,
  narrow,
  stack,
)

__all__ = [
  "ClassEmbeddings",
  "ImageSet",
  "embed_arrays",
  "embed_classes",
  "encode",
  "image_set_names",
  "load_images",
  "narrow",
  "stack",
]
