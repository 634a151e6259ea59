"""From image files to pixels, and from one size to another, with Pillow."""

import io
import types
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from nasjax import errors

MAX_PIXELS = 100_000_000
METHODS = ("bilinear", "bicubic")


def _pillow() -> types.ModuleType:
  try:
    from PIL import Image
  except ImportError as error:
    raise errors.UserError(
      "images are read and resized with Pillow, which is not installed; run "
      "`pip install 'nasjax[images]'`"
    ) from error
  return Image


def check(images: np.ndarray, num_axes: int, source: str) -> None:
  """Checks the type and the shape of pixels.

  Args:
    images: `[..., H, W, C]`.
    num_axes: expected number of axes.
    source: what to call them in messages.

  Raises:
    UserError: they are not uint8, not grey or RGB, or have no pixel.
  """
  shape = images.shape
  if images.dtype != np.uint8:
    raise errors.UserError(
      f"{source}: expected images of uint8 values 0 to 255, got {images.dtype}"
    )
  if len(shape) != num_axes or shape[-1] not in (1, 3):
    axes = "[n, H, W, C]" if num_axes == 4 else "[H, W, C]"
    raise errors.UserError(
      f"{source}: expected images {axes} with C = 1 or 3, got shape {shape}"
    )
  if 0 in shape[-3:]:
    raise errors.UserError(
      f"{source}: expected at least 1 x 1 pixel, got shape {shape}"
    )


def decode(content: bytes, source: str) -> np.ndarray:
  """Decodes an image file to RGB.

  Grey and bilevel images get three equal channels, palettes are looked up, and
  CMYK, YCbCr and Lab are converted by Pillow. Transparent pixels are laid over
  white. Grey images of 16 bits are scaled by 255 / 65535. The orientation
  stored by a camera is applied. An animation gives its first frame.

  Args:
    content: the file.
    source: what to call it in messages.

  Returns:
    `[H, W, 3]` uint8.

  Raises:
    UserError: the file is damaged, no image, or has too many pixels.
  """
  image_module = _pillow()
  try:
    with warnings.catch_warnings():
      # Odd metadata is no fault of the pixels; size is checked below.
      warnings.simplefilter("ignore")
      with image_module.open(io.BytesIO(content)) as image:
        _check_size(image.width, image.height, source)
        return np.asarray(_to_rgb(image, source))
  except errors.UserError:
    raise
  except image_module.DecompressionBombError as error:
    raise _too_large(source, str(error)) from error
  except Exception as error:  # the decoders raise nearly every type on damage
    reason = str(error) or type(error).__name__
    raise errors.UserError(
      f"{source} is not a readable image ({reason}); mend or remove it"
    ) from error


def _too_large(source: str, got: str) -> errors.UserError:
  return errors.UserError(
    f"{source}: expected at most {MAX_PIXELS} pixels, got {got}; scale the "
    "image down or remove it"
  )


def _check_size(width: int, height: int, source: str) -> None:
  if width * height > MAX_PIXELS:
    raise _too_large(source, f"{width} x {height}")


def _to_rgb(image: Any, source: str) -> Any:
  """Converts a Pillow image to mode RGB."""
  from PIL import ImageOps

  image = ImageOps.exif_transpose(image)
  if image.mode == "F":
    raise errors.UserError(
      f"{source}: expected 8 or 16 bits a channel, got floats; convert it"
    )
  if image.mode.startswith("I"):
    return _pillow().fromarray(_from_16_bits(image, source)).convert("RGB")
  if image.has_transparency_data:
    image = image.convert("RGBA")
    white = _pillow().new("RGBA", image.size, "white")
    white.alpha_composite(image)
    image = white
  return image.convert("RGB")


def _from_16_bits(image: Any, source: str) -> np.ndarray:
  """Scales 16 bits to 8 bits, `[H, W]` uint8."""
  values = np.asarray(image).astype(np.int64)
  if values.min() < 0 or values.max() > 65535:
    raise errors.UserError(
      f"{source}: expected grey values of at most 16 bits, got "
      f"{values.min()} to {values.max()}; convert it"
    )
  return ((values * 255 + 32767) // 65535).astype(np.uint8)


def resize(
  image: np.ndarray, size: int, channels: int = 3, method: str = "bilinear"
) -> np.ndarray:
  """Resizes one image to a square, antialiased.

  Args:
    image: `[H, W, C]` uint8, C = 1 or 3.
    size: height and width of the result.
    channels: 3, or 1 for the luminance (ITU-R 601-2).
    method: `bilinear` or `bicubic`.

  Returns:
    `[size, size, channels]` uint8.
  """
  if image.shape[:2] != (size, size) or image.shape[2] != channels:
    pillow = _pillow()
    flat = image[:, :, 0] if image.shape[2] == 1 else image
    mode = "RGB" if channels == 3 else "L"
    picture = pillow.fromarray(np.ascontiguousarray(flat)).convert(mode)
    resample = getattr(pillow.Resampling, method.upper())
    image = np.asarray(picture.resize((size, size), resample))
  return image.reshape(size, size, channels)


def resize_all(
  images: np.ndarray | Sequence[np.ndarray],
  size: int,
  channels: int = 3,
  method: str = "bilinear",
) -> np.ndarray:
  """Resizes images; see `resize`.

  Args:
    images: `[n, H, W, C]`, or a sequence of n arrays `[H, W, C]`; uint8.
    size: height and width of the result.
    channels: 3 or 1.
    method: `bilinear` or `bicubic`.

  Returns:
    `[n, size, size, channels]` uint8.

  Raises:
    UserError: an argument or an image is wrong.
  """
  if size < 1 or channels not in (1, 3):
    raise errors.UserError(
      "images are resized to at least 1 pixel and to 1 or 3 channels, got "
      f"size {size} and {channels} channels"
    )
  if method not in METHODS:
    raise errors.one_of("method of resizing", method, METHODS)
  result = np.empty((len(images), size, size, channels), np.uint8)
  for row in range(len(images)):
    image = images[row]
    check(image, 3, f"image {row}")
    result[row] = resize(image, size, channels, method)
  return result
