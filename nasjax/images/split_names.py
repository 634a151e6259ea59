"""Names of folders that speak of a split: `train`, `seg_test`, `valA`."""

import collections
import re
from collections.abc import Iterable

SPLITS = {
  "train": "train",
  "training": "train",
  "val": "val",
  "valid": "val",
  "validation": "val",
  "test": "test",
  "testing": "test",
}
"""What a folder of a split may be called, to the split."""

_KINDS = SPLITS | {
  "dev": "val",
  "eval": "test",
  "evaluation": "test",
  "fold": "fold",
  "heldout": "test",
  "holdout": "test",
  "pred": "unlabelled",
  "split": "fold",
  "trn": "train",
  "tst": "test",
  "unlabeled": "unlabelled",
  "unlabelled": "unlabelled",
}
_ALONE = (*SPLITS, "dev", "eval", "evaluation", "holdout", "trn", "tst")
_MORE = "data|dataset|images?|imgs?|set|split"
_RESEMBLING = re.compile(
  rf"({'|'.join(_ALONE)})[-_ .]?(\d*|{_MORE})", re.IGNORECASE
)
_WORD = re.compile(rf"({'|'.join(_KINDS)})({_MORE})?", re.IGNORECASE)
_BETWEEN = re.compile(r"[\W\d_]+|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def resembles(name: str) -> bool:
  """Tells whether a name is hardly anything but a split: `test1`, `dev`."""
  return _RESEMBLING.fullmatch(name) is not None


def _kind(name: str) -> str | None:
  """Returns the split that one of the words of a name speaks of."""
  for word in _BETWEEN.split(name):
    found = _WORD.fullmatch(word)
    if found:
      return _KINDS[found[1].lower()]
  return None


def speaking(names: Iterable[str]) -> list[str]:
  """Returns the names that together look like splits rather than classes.

  Words end at changes of case, digits and marks. Several splits are enough
  (`seg_train`, `seg_test`); of one split (`trainA`, `trainB`), more than half
  of the names, since `bullet_train` and `train_station` are classes among
  others.

  Args:
    names: names of folders beside each other.

  Returns:
    The names, sorted; none where all may be classes.
  """
  names = sorted(names)
  kinds = {name: kind for name in names if (kind := _kind(name))}
  counts = collections.Counter(kinds.values())
  several = len(set(counts) - {"fold"}) > 1
  most = max(counts.values(), default=0) > max(1, len(names) / 2)
  return list(kinds) if several or most else []
