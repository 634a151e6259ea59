"""Error messages for paths that hold no known image set."""

from nasjax import errors
from nasjax.images import folder, pixels, sources

_UNPACK = "unpack it and give the folder, or pack it as .zip or .tar.gz"
_CONVERT = "save images and labels with numpy.savez, or as an image folder"
_AGAIN = "fetch the file itself again"
_MAGIC = {
  b"BZh": ("a bzip2 archive", _UNPACK),
  b"\xfd7zXZ\0": ("an xz archive", _UNPACK),
  b"]\0\0": ("an lzma archive", _UNPACK),
  b"7z\xbc\xaf\x27\x1c": ("a 7z archive", _UNPACK),
  b"Rar!\x1a\x07": ("a rar archive", _UNPACK),
  b"\x28\xb5\x2f\xfd": ("a zstd archive", _UNPACK),
  b"\x04\x22\x4d\x18": ("an lz4 archive", _UNPACK),
  b"\x1f\x9d": ("a compress archive (.Z)", _UNPACK),
  b"LZIP": ("an lzip archive", _UNPACK),
  b"\x1f\x8b": (
    "one gzipped file, or a damaged .tar.gz",
    "give the folder that holds the set, or fetch the archive again",
  ),
  b"PK": ("a damaged zip archive", "fetch it again"),
  b"version https://git-lfs": ("a Git LFS pointer", "run `git lfs pull`"),
  b"\x93NUMPY": ("a .npy array", _CONVERT),
  b"\x89HDF": ("an HDF5 file", _CONVERT),
  b"PAR1": ("a Parquet file", _CONVERT),
  b"SQLite": ("an SQLite file", _CONVERT),
  b"%PDF": ("a PDF file", "give a folder of images"),
  b"\x80": ("a pickle", _CONVERT),
}
_HEAD = 512


def refusal(source: sources.Source) -> errors.UserError:
  """Returns the error for a path that no format fits."""
  if source.names == (source.path.name,):
    with open(source.path, "rb") as file:
      got, advice = _of_file(file.read(_HEAD), source.path.name.lower())
  else:
    got, advice = _of_folder(source)
  return errors.UserError(
    f"{source.here} holds no known image set: expected CLASS/*.png, "
    "train/CLASS/*.png, .npz, or the files of CIFAR, SVHN, MNIST (IDX), "
    f"Aircraft or ImageNet16, got {got}; {advice}"
  )


def _of_file(head: bytes, name: str) -> tuple[str, str]:
  """Returns what a file is, and what to do."""
  if not head:
    return "an empty file", _AGAIN
  for magic, found in _MAGIC.items():
    if head.startswith(magic):
      return found
  if pixels.is_image(head):
    return "a single image", "give a folder with one folder a class"
  text = head.lstrip().lower()
  if text.startswith((b"<!doctype html", b"<html")):
    return "a web page", _AGAIN
  if name.endswith((".tar", ".tgz", ".gz", ".zip")):
    return "a damaged archive", "fetch it again"
  return "another file", "give a folder with one folder a class"


def _of_folder(source: sources.Source) -> tuple[str, str]:
  """Returns what a folder or an archive holds, and what to do."""
  if not source.names:
    return "no file", "add images"
  unread = folder.named(source, folder.UNREAD)
  if unread:
    first = unread[0]
    return (
      f"images of formats that are not read, {len(unread)} "
      f"({errors.quote(first[-60:])})",
      "convert them to PNG or JPEG",
    )
  return (
    f"files without the suffix of an image, {len(source.names)} "
    f"({errors.quote(source.names[0][-60:])})",
    "name images .png, .jpg or the like",
  )
