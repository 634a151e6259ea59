"""Image sets: checks, draws, splits, and the conversion of pixels."""

import io
import struct
import zlib

import image_writers as writers
import numpy as np
import pytest

from nasjax import errors
from nasjax.images import base, pixels

Image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")


def image_set(labels, num_classes, images=None):
  labels = np.array(labels, np.int32)
  if images is None:
    images = np.zeros((len(labels), 2, 2, 1), np.uint8)
  names = tuple(str(label) for label in range(num_classes))
  return base.ImageSet("toy", images, labels, names)


def test_draw_of_every_class():
  labels = [2, 0, 2, 2, 0, 2, 3]
  toy = image_set(labels, 4)
  rows, mask = toy.per_class(3, seed=5)
  assert mask.tolist() == [
    [True, True, False],
    [False] * 3,
    [True] * 3,
    [True, False, False],
  ]
  assert sorted(rows[0, :2]) == [1, 4]
  assert len(set(rows[2])) == 3
  assert set(rows[2]) <= {0, 2, 3, 5}
  assert rows[3, 0] == 6
  assert rows[~mask].tolist() == [0] * 6
  again, _ = toy.per_class(3, seed=5)
  np.testing.assert_array_equal(rows, again)
  draws = {tuple(sorted(toy.per_class(3, seed)[0][2])) for seed in range(30)}
  assert len(draws) == 4


def test_draw_from_ten_thousand_classes():
  labels = np.repeat(np.arange(10_000), 3).astype(np.int32)
  images = np.zeros((30_000, 1, 1, 1), np.uint8)
  rows, mask = image_set(labels, 10_000, images).per_class(2, seed=0)
  assert mask.all()
  np.testing.assert_array_equal(
    labels[rows], np.arange(10_000)[:, None] + [0, 0]
  )


def test_one_image_of_one_pixel():
  one = image_set([0], 1, np.full((1, 1, 1, 1), 7, np.uint8))
  rows, mask = one.per_class(20, seed=0)
  assert mask.sum() == 1
  assert rows.shape == (1, 20)
  assert (one.resized(32) == 7).all()


def test_take_and_split_of_every_kind_of_images():
  arrays = [np.full((row + 1, 2, 1), row, np.uint8) for row in range(3)]
  read = {str(row): array for row, array in enumerate(arrays)}
  encoded = base.EncodedImages("012", read.__getitem__)
  assert [len(image) for image in encoded[1:]] == [2, 3]
  for images in (arrays, encoded, np.stack([arrays[0]] * 3)):
    toy = image_set([0, 1, 1], 2, images)
    some = toy.take(np.array([2, 0]), "some")
    assert some.labels.tolist() == [1, 0]
    assert some.name == "some"
    np.testing.assert_array_equal(some.images[0], images[2])
  with pytest.raises(errors.UserError, match="unknown split"):
    toy.split("test")


@pytest.mark.parametrize(
  ("labels", "num_classes", "images", "message"),
  [
    ([0, 2], 2, None, r"labels in \[0, 2\), got 0 to 2"),
    ([-1], 2, None, "got -1"),
    ([0], 1, np.zeros((2, 2, 2, 1), np.uint8), "one int32 label"),
    ([], 1, [], "at least one image"),
    ([0], 1, np.zeros((1, 2, 2, 1)), "uint8"),
    ([0], 1, np.zeros((1, 2, 2, 2), np.uint8), "C = 1 or 3"),
    ([0], 1, np.zeros((1, 0, 2, 3), np.uint8), "at least 1 x 1"),
    ([0], 1, np.zeros((1, 2, 2), np.uint8), "C = 1 or 3"),
  ],
)
def test_what_does_not_fit_is_refused(labels, num_classes, images, message):
  with pytest.raises(errors.UserError, match=message):
    image_set(labels, num_classes, images)


def test_resizing_is_antialiased_and_keeps_constants(rng):
  checks = np.indices((64, 64)).sum(0) % 2 * 255
  toy = [checks[..., None].astype(np.uint8), np.full((3, 9, 3), 40, np.uint8)]
  for method in pixels.METHODS:
    small = image_set([0, 0], 1, toy).resized(8, 3, method)
    assert small.shape == (2, 8, 8, 3)
    assert np.abs(small[0].astype(int) - 127).max() <= 2
    assert (small[1] == 40).all()
  same = rng.integers(0, 256, (1, 8, 8, 3), np.uint8)
  np.testing.assert_array_equal(pixels.resize_all(same, 8), same)


def test_luminance():
  red = np.zeros((1, 2, 2, 3), np.uint8)
  red[..., 0] = 200
  assert (pixels.resize_all(red, 2, 1) == 60).all()  # .299 * 200


def test_wrong_sizes_are_refused():
  images = np.zeros((1, 2, 2, 3), np.uint8)
  with pytest.raises(errors.UserError, match="at least 1 pixel"):
    pixels.resize_all(images, 0)
  with pytest.raises(errors.UserError, match="1 or 3 channels"):
    pixels.resize_all(images, 2, 4)
  with pytest.raises(errors.UserError, match="unknown method"):
    pixels.resize_all(images, 2, 3, "sharp")
  with pytest.raises(errors.UserError, match="image 0: expected"):
    pixels.resize_all([images[0, 0]], 2)


def decode(image, form="PNG", **options):
  return pixels.decode(encoded(image, form, **options), "picture")


def encoded(image, form="PNG", **options):
  stream = io.BytesIO()
  image.save(stream, form, **options)
  return stream.getvalue()


def test_modes_become_rgb():
  grey = Image.fromarray(np.array([[0, 128]], np.uint8))
  assert decode(grey).tolist() == [[[0] * 3, [128] * 3]]
  assert decode(grey.convert("1", dither=0)).tolist() == [[[0] * 3, [255] * 3]]
  deep = Image.fromarray(np.array([[0, 65535, 32768, 257]], np.uint16))
  assert decode(deep)[0, :, 0].tolist() == [0, 255, 128, 1]
  assert decode(deep, "TIFF")[0, :, 0].tolist() == [0, 255, 128, 1]
  cmyk = Image.new("CMYK", (1, 1), (0, 255, 255, 0))
  red = decode(cmyk, "TIFF")[0, 0].astype(int)
  assert red[0] > 200
  assert red[1] < 60


def test_transparency_is_laid_over_white():
  half = Image.fromarray(np.array([[[255, 0, 0, 0], [0, 0, 0, 255]]], np.uint8))
  white_black = [[[255] * 3, [0] * 3]]
  assert decode(half).tolist() == white_black
  assert decode(half.convert("LA")).tolist() == white_black
  palette = Image.new("P", (2, 1))
  palette.putpalette([10, 20, 30, 40, 50, 60])
  palette.putpixel((1, 0), 1)
  assert decode(palette).tolist() == [[[10, 20, 30], [40, 50, 60]]]
  seen = decode(palette, transparency=0)
  assert seen.tolist() == [[[255] * 3, [40, 50, 60]]]


def test_orientation_of_cameras_and_first_frame():
  upright = Image.fromarray(np.array([[0, 255]], np.uint8))
  exif = Image.Exif()
  exif[0x0112] = 8  # turned by 90 degrees
  assert decode(upright, exif=exif).shape == (2, 1, 3)
  frames = [Image.new("L", (2, 2), value) for value in (9, 200)]
  moving = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
  assert (pixels.decode(moving, "moving") == 9).all()


def test_floats_and_wide_integers_are_refused():
  floats = Image.fromarray(np.ones((2, 2), np.float32))
  with pytest.raises(errors.UserError, match="got floats"):
    decode(floats, "TIFF")
  wide = Image.fromarray(np.full((2, 2), 70000, np.int32))
  with pytest.raises(errors.UserError, match="at most 16 bits"):
    decode(wide, "TIFF")


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF"])
def test_damaged_files_are_named(form, rng):
  noise = rng.integers(0, 256, (40, 40, 3), np.uint8)
  content = writers.png(noise, form)
  for cut in (0, 1, 20, len(content) // 2):
    with pytest.raises(errors.UserError, match=r"photo\.jpg is not a readable"):
      pixels.decode(content[:cut], "photo.jpg")
  for place in range(0, min(len(content), 600), 7):
    broken = bytearray(content)
    broken[place] ^= 0xFF
    try:
      got = pixels.decode(bytes(broken), "photo.jpg")
    except errors.UserError:
      continue
    assert got.dtype == np.uint8


@pytest.mark.parametrize("size", [(20_000, 20_000), (10_000, 5_001)])
def test_a_bomb_of_pixels_is_refused(size):
  content = encoded(Image.new("1", (1, 1)))
  header = content[12:16] + struct.pack(">II", *size) + content[24:29]
  checksum = struct.pack(">I", zlib.crc32(header))
  content = content[:12] + header + checksum + content[33:]
  with pytest.raises(errors.UserError, match="at most 50000000 pixels"):
    pixels.decode(content, "bomb.png")
