"""Limits of an image set: files, folders, bytes, pixels.

Every reader of `nasjax.images` asks here before it lists or allocates what
somebody else's bytes announce. `docs/images.md` states the same numbers.
"""

from nasjax import errors, foreign

MAX_FILES = 1_500_000
"""Files and folders below a folder on the disk; ImageNet has 1,431,167."""

MAX_MEMBERS = 200_000
"""Members of an archive; tiny-imagenet-200 has 120,609."""

MAX_DEPTH = 16
"""Folders above an image, counted from the folder or archive that is given."""

MAX_NAME = 1_024
"""Characters of a path inside a folder or an archive."""

MAX_LINKS = 1_000
"""Links to folders that are followed below one folder."""

MAX_ARRAYS = 512 << 20
"""Bytes of pixels of a set that is read at once (CIFAR, SVHN, IDX, `.npz`)."""

MAX_RESIZED = 4 << 30
"""Bytes of the array that `resized` returns, which its caller asks for."""


def unpacked(num_bytes: int) -> int:
  """Returns how many bytes an archive of `num_bytes` may hold.

  At most 1 GiB or 4 times its size, and at most 100 times its size unless that
  is less than 64 MiB. Photographs hardly shrink; what reading costs is so
  linear in the size of the file.
  """
  return min(
    max(foreign.MAX_BYTES, 4 * num_bytes), max(64 << 20, 100 * num_bytes)
  )


def check_name(name: str, source: object) -> None:
  """Checks the length and the depth of a path.

  Args:
    name: the path, with `/` between its parts.
    source: the folder or archive, as messages name it.

  Raises:
    UserError: it is too long or too deep.
  """
  depth = name.rstrip("/").count("/")
  if len(name) > MAX_NAME or depth > MAX_DEPTH:
    raise errors.UserError(
      f"{errors.quote(str(source))} holds the path {errors.quote(name)}: "
      f"expected at most {MAX_NAME} characters and {MAX_DEPTH} folders, got "
      f"{len(name)} and {depth}; give the folder that holds the class folders"
    )


def check_count(
  num: int, limit: int, source: object, what: str = "files and folders"
) -> None:
  """Checks the number of files and folders.

  Args:
    num: how many there are.
    limit: how many there may be.
    source: the folder or archive, as messages name it.
    what: name of what is counted.

  Raises:
    UserError: there are more.
  """
  if num > limit:
    raise errors.UserError(
      f"{errors.quote(str(source))} holds more than {limit} {what}: "
      "expected an image set; give its own folder, unpacked"
    )
