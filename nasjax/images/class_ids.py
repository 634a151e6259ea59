"""Classes of images whose labels are integers of any size."""

from collections.abc import Sequence

import numpy as np

from nasjax import errors

MAX_CLASSES = 100_000
_LARGEST = 2**31 - 1


def check(labels: np.ndarray, num: int, where: str) -> np.ndarray:
  """Checks labels before they are narrowed to 32 bits.

  Args:
    labels: integers, `[num]`, or a column or a row of them.
    num: number of images.
    where: what messages call the file.

  Returns:
    `[num]` int64.

  Raises:
    UserError: they are no whole numbers from 0 to 2^31 - 1, or too few.
  """
  if labels.dtype.kind not in "iu" or labels.shape not in (
    (num,),
    (num, 1),
    (1, num),
  ):
    raise errors.UserError(
      f"{where}: expected one integer label for each of {num} images, got "
      f"{labels.dtype} of shape {labels.shape}; number the classes from 0 on, "
      "as int64 [n]"
    )
  if labels.size and (labels.min() < 0 or labels.max() > _LARGEST):
    raise errors.UserError(
      f"{where}: expected labels 0, 1, 2, ... of at most {_LARGEST}, got "
      f"{labels.min()} to {labels.max()}; number the classes from 0 on, and "
      "remove images without a class"
    )
  return labels.reshape(-1).astype(np.int64)


def number(
  parts: Sequence[np.ndarray], where: str
) -> tuple[list[np.ndarray], tuple[str, ...]]:
  """Numbers classes from 0 on.

  Labels below the number of images are numbers of classes already and stay as
  they are. Others are ids, such as 1440764: the distinct ones are sorted and
  numbered, so that memory never follows the largest id.

  Args:
    parts: labels `[n]` of each split, the training split first.
    where: what messages call the file.

  Returns:
    Labels `[n]` int32 of each split, and the names of the classes.
  """
  largest = max((int(labels.max(initial=0)) for labels in parts), default=0)
  if largest < sum(map(len, parts)):
    names = map(str, range(largest + 1))
    return [labels.astype(np.int32) for labels in parts], tuple(names)
  ids = np.unique(np.concatenate(parts))
  codes = [np.searchsorted(ids, labels).astype(np.int32) for labels in parts]
  return codes, tuple(map(str, ids.tolist()))
