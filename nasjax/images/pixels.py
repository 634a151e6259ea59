"""Decodes and resizes images with Pillow."""

import contextlib
import io
import logging
import types
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from nasjax import errors
from nasjax.images import limits, png

MAX_PIXELS = 50_000_000
"""Of one picture; decoding takes at most 16 bytes for each."""

MAX_SIDE = 65_535
"""Of its width and its height, which is the most that a JPEG can have."""

MAX_BYTES = 256 << 20
"""Of the file of one picture."""

METHODS = ("bilinear", "bicubic")
_MAX_PLAIN = 4 << 20  # bytes of a PPM in decimal digits, slow to read
_MAX_SCANNED = 1_000_000_000  # pixels of all scans of a progressive JPEG
_MAX_PROFILES = 16  # colour profiles that a PNG file may name; one is standard
_STRIP = 1 << 20  # pixels that are converted at a time
_MAGIC = {
  b"\x89PNG\r\n\x1a\n": "PNG",
  b"\xff\xd8\xff": "JPEG",
  b"GIF87a": "GIF",
  b"GIF89a": "GIF",
  b"BM": "BMP",
  b"II*\0": "TIFF",
  b"MM\0*": "TIFF",
  **{b"P%d" % number: "PPM" for number in range(1, 7)},
}
_BRANDS = (b"avif", b"avis", b"mif1", b"msf1")


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

  The file is one of AVIF, BMP, GIF, JPEG, PNG, PPM (also PBM and PGM), TIFF and
  WebP by its first bytes; no other decoder of Pillow is ever asked. Grey and
  bilevel images get three equal channels, palettes are looked up, and CMYK,
  YCbCr and Lab are converted by Pillow. Transparent pixels are laid over white.
  Grey images of 16 bits are scaled by 255 / 65535. The orientation stored by a
  camera is applied. An animation gives its first frame.

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
    with _silent():
      return _to_rgb(_load(content, source), source)
  except errors.UserError:
    raise
  except image_module.UnidentifiedImageError as error:  # names no reason
    raise _unreadable(source, "its header is damaged") from error
  except image_module.DecompressionBombError as error:
    raise _too_large(source, str(error)) from error
  except Exception as error:  # the decoders raise nearly every type on damage
    raise _unreadable(source, str(error) or type(error).__name__) from error


@contextlib.contextmanager
def _silent() -> Iterator[None]:
  """Keeps what Pillow warns of and logs out of a command's output.

  Odd metadata is no fault of the pixels, size is checked by `_load`, and what
  cannot be read is said in one line.
  """
  logger = logging.getLogger("PIL")
  level = logger.level
  logger.setLevel(logging.CRITICAL)
  try:
    with warnings.catch_warnings():
      warnings.simplefilter("ignore")
      yield
  finally:
    logger.setLevel(level)


def _unreadable(source: str, reason: str) -> errors.UserError:
  return errors.UserError(
    f"{source} is not a readable image ({' '.join(reason.split())[:120]}); "
    "mend or remove it"
  )


def _too_large(source: str, got: str) -> errors.UserError:
  return errors.UserError(
    f"{source}: expected at most {MAX_PIXELS} pixels and {MAX_SIDE} on a side, "
    f"got {' '.join(got.split())[:80]}; scale the image down or remove it"
  )


def is_image(content: bytes) -> bool:
  """Tells by the first bytes whether `decode` knows the format of a file."""
  return _known(content) is not None


def _known(content: bytes) -> str | None:
  """Returns Pillow's name of the format, by the first bytes."""
  for magic, name in _MAGIC.items():
    if content.startswith(magic):
      return name
  if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
    return "WEBP"
  if content[4:8] == b"ftyp" and content[8:12] in _BRANDS:
    return "AVIF"
  return None


def _format(content: bytes, source: str) -> str:
  name = _known(content)
  if name is not None:
    return name
  names = ", ".join(sorted({*_MAGIC.values(), "WEBP", "AVIF"}))
  raise _unreadable(source, f"by its first bytes it is none of {names}")


def _load(content: bytes, source: str) -> Any:
  """Returns the first frame as a Pillow image, the right way up."""
  from PIL import ImageOps

  name = _format(content, source)
  plain = content[:2] in (b"P1", b"P2", b"P3")
  limit = _MAX_PLAIN if plain else MAX_BYTES
  if len(content) > limit:
    raise _unreadable(source, f"{len(content)} bytes, expected at most {limit}")
  if name == "PNG" and content.count(b"iCCP") > _MAX_PROFILES:
    raise _unreadable(source, "it has more than one colour profile")
  with _pillow().open(io.BytesIO(content), formats=[name]) as image:
    num = image.width * image.height
    if num > MAX_PIXELS or max(image.size) > MAX_SIDE:
      raise _too_large(source, f"{image.width} x {image.height}")
    scans = content.count(b"\xff\xda") if name == "JPEG" else 1
    if scans * num > _MAX_SCANNED:
      raise _too_large(source, f"{image.width} x {image.height} {scans} times")
    upright = ImageOps.exif_transpose(image)
  if name == "PNG":
    png.check_rows(content)
  return upright


def _to_rgb(image: Any, source: str) -> np.ndarray:
  """Converts a Pillow image to `[H, W, 3]` uint8, strip by strip."""
  if image.mode == "F":
    raise errors.UserError(
      f"{source}: expected 8 or 16 bits a channel, got floats; convert it"
    )
  rgb = np.empty((image.height, image.width, 3), np.uint8)
  num_rows = max(1, _STRIP // image.width)
  for top in range(0, image.height, num_rows):
    bottom = min(top + num_rows, image.height)
    strip = image.crop((0, top, image.width, bottom))
    rgb[top:bottom] = _strip_to_rgb(strip, source)
  return rgb


def _strip_to_rgb(image: Any, source: str) -> np.ndarray:
  if image.mode.startswith("I"):
    return _from_16_bits(image, source)[..., None]
  if image.has_transparency_data:
    image = image.convert("RGBA")
    white = _pillow().new("RGBA", image.size, "white")
    white.alpha_composite(image)
    image = white
  return np.asarray(image.convert("RGB"))


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
  errors.check_name("method of resizing", method, METHODS)
  result = _room(len(images), size, channels)
  for row in range(len(images)):
    image = images[row]
    check(image, 3, f"image {row}")
    result[row] = resize(image, size, channels, method)
  return result


def _room(num: int, size: int, channels: int) -> np.ndarray:
  """Returns memory for resized images, if that is within the limit."""
  num_bytes = num * size * size * channels
  try:
    if num_bytes <= limits.MAX_RESIZED:
      return np.empty((num, size, size, channels), np.uint8)
  except MemoryError:
    pass
  raise errors.UserError(
    f"{num} images of {size} x {size} pixels would take "
    f"{num_bytes / 2**30:.1f} GiB of memory: expected at most "
    f"{limits.MAX_RESIZED / 2**30:.0f} GiB, or what is free; choose a smaller "
    "size or fewer images"
  )
