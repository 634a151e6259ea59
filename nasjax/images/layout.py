"""Splits and classes of the images in a folder, by their paths.

`ROOT/CLASS/**/IMAGE`, or `ROOT/train/CLASS/**/IMAGE` beside `ROOT/val/...` and
`ROOT/test/...`. Whatever could be taken for something else is refused, since a
wrong guess would train and test on the wrong images without a word.
"""

import collections
from collections.abc import Iterable, Sequence

from nasjax import errors
from nasjax.images import hidden, sources, split_names

Classes = dict[str, list[str]]  # class name to file names, sorted

_CONTAINERS = {
  "annotations",
  "image",
  "images",
  "img",
  "imgs",
  "jpegimages",
  "labels",
  "masks",
  "photos",
  "pictures",
}
_ANNOTATIONS = "val_annotations.txt"
_MAX_ANNOTATIONS = 64 << 20


def children(source: sources.Source, prefix: str) -> list[str]:
  """Returns the names of the folders directly inside a folder."""
  return [
    name[len(prefix) :]
    for name in source.folders
    if name.startswith(prefix)
    and "/" not in name[len(prefix) :]
    and not hidden.is_hidden(name)
  ]


def find_root(source: sources.Source, images: Sequence[str]) -> str:
  """Returns the prefix of the folder that holds the splits or the classes.

  A folder that holds nothing but one folder of folders is entered.

  Args:
    source: the files.
    images: names of all images.
  """
  prefix = ""
  while True:
    folders = children(source, prefix)
    if len(folders) != 1 or split_names.resembles(folders[0]):
      return prefix
    inside = f"{prefix}{folders[0]}/"
    if any(is_inside(name, inside) for name in images):
      return prefix
    if not children(source, inside):
      return prefix
    prefix = inside


def is_inside(name: str, prefix: str) -> bool:
  """Tells whether a file lies directly in the folder of a prefix."""
  return name.startswith(prefix) and "/" not in name[len(prefix) :]


def find_splits(
  source: sources.Source, root: str, images: Sequence[str]
) -> dict[str, Classes]:
  """Returns the images of each class of each split.

  Args:
    source: the files.
    root: the prefix that `find_root` returned.
    images: names of all images, sorted.

  Returns:
    `train`, `val` and `test`, as far as they are there, to their classes; one
    nameless split where there are none.

  Raises:
    UserError: splits or classes are not clear, or one of them has no image.
  """
  folders = children(source, root)
  like = [name for name in folders if split_names.resembles(name)]
  if not like or _is_a_class(like, folders, root, images):
    return {"": _plain(source, root, images)}
  found = {}
  for name in sorted(like, key=lambda name: name[:2].lower() != "tr"):
    prefix = f"{root}{name}/"
    if f"{prefix}{_ANNOTATIONS}" in source:
      classes = _annotated(source, prefix, images)
    else:
      classes = _classes(source, prefix, images)
    found[_split(source, name, found)] = classes
  _check_alone(source, root, like, images)
  _check_trained(source, found)
  trained = list(found["train"].values())
  if len(trained) == 1 and len(_words(*trained)) > 1:
    raise _no_classes(source, trained[0][0].rpartition("/")[0] + "/", images)
  return {
    split: found[split]
    for split in (split_names.SPLITS[name.lower()] for name in like)
  }


def _is_a_class(
  like: list[str], folders: list[str], root: str, images: Sequence[str]
) -> bool:
  """Tells whether `train` is a class beside others: trains, planes, cars."""
  prefix = f"{root}{like[0]}/"
  inside = [name for name in images if name.startswith(prefix)]
  return (
    len(like) == 1 < len(folders)
    and like[0].lower() == "train"
    and bool(inside)
    and all(is_inside(name, prefix) for name in inside)
    and len(_words(inside)) < 2
  )


def _check_alone(
  source: sources.Source, root: str, like: list[str], images: Sequence[str]
) -> None:
  """Refuses folders of images beside the folders of the splits."""
  tops = {
    name[len(root) :].partition("/")[0]
    for name in images
    if name.startswith(root) and not is_inside(name, root)
  }
  for name in sorted(tops - set(like)):
    raise _refused(
      source,
      "either class folders or folders of splits",
      f"{errors.quote(name)} beside {errors.quote(like[0])}",
      "move it out, or into train",
    )


def _split(
  source: sources.Source, folder: str, known: dict[str, Classes]
) -> str:
  """Returns which split a folder is."""
  split = split_names.SPLITS.get(folder.lower())
  if split is None or split in known:
    raise _refused(
      source,
      "one folder of each split, called train, val (valid, validation) or test",
      f"{errors.quote(folder)}"
      + (f" as a second folder of the split {split}" if split else ""),
      "rename, merge or remove it",
    )
  return split


def _plain(source: sources.Source, root: str, images: Sequence[str]) -> Classes:
  """Returns the classes of a folder without splits."""
  if not children(source, root):
    raise _no_classes(source, root, images)
  classes = _classes(source, root, images, strict=False)
  if len(classes) == 1 and len(_words(*classes.values())) > 1:
    raise _no_classes(source, f"{root}{next(iter(classes))}/", images)
  return classes


def _check_names(source: sources.Source, prefix: str, classes: Classes) -> None:
  """Refuses classes, and folders inside them, that look like splits."""
  like = split_names.speaking(classes)
  if like:
    shown = " beside ".join(map(errors.quote, like[:2]))
    raise _refused(
      source,
      "class folders, or folders of splits called train, val or test",
      shown,
      "rename splits to train, val and test, and classes to other words",
    )
  inner = collections.defaultdict(set)
  for names in classes.values():
    for name in names:
      above = name.rpartition("/")[0]
      while "/" in above[len(prefix) :]:
        above, _, folder = above.rpartition("/")
        if folder in inner[above]:
          break
        inner[above].add(folder)
  for folder, names in sorted(inner.items()):
    like = sorted(filter(split_names.resembles, names))
    like = like or split_names.speaking(names)
    if like:
      raise _refused(
        source,
        "splits above classes (train/CLASS)",
        f"{errors.quote(like[0])} inside the class {errors.quote(folder)}",
        "move them: CLASS/train to train/CLASS",
      )


def _classes(
  source: sources.Source,
  prefix: str,
  images: Sequence[str],
  strict: bool = True,
) -> Classes:
  """Returns the class folders of one folder.

  Args:
    source: the files.
    prefix: prefix of the folder.
    images: names of all images.
    strict: whether images beside the class folders are refused.
  """
  classes: Classes = {name: [] for name in children(source, prefix)}
  for name in images:
    if name.startswith(prefix):
      folder, below, _ = name[len(prefix) :].partition("/")
      if below:
        classes[folder].append(name)
      elif strict:
        raise _no_classes(source, prefix, images)
  _check_filled(source, prefix, classes)
  _check_names(source, prefix, classes)
  if all(name.lower() in _CONTAINERS for name in classes):
    raise _no_classes(source, f"{prefix}{next(iter(classes), '')}/", images)
  return classes


def _check_filled(
  source: sources.Source, prefix: str, classes: Classes
) -> None:
  """Refuses class folders, and splits, without an image."""
  empty = [prefix + name for name, names in classes.items() if not names]
  if not classes:
    empty = [prefix.rstrip("/")]
  if empty:
    more = f" (and {len(empty) - 1} more)" if len(empty) > 1 else ""
    raise errors.UserError(
      f"the class folder {errors.quote(empty[0])}{more} in "
      f"{source.here} has no image: expected at least one "
      "file .png, .jpg or the like; add images or remove the folder"
    )


def _annotated(
  source: sources.Source, prefix: str, images: Sequence[str]
) -> Classes:
  """Returns the classes of a split whose labels lie in a text file.

  Each line has the name of an image, and its class (tiny-imagenet).
  """
  where = prefix + _ANNOTATIONS
  text = source.read(where, _MAX_ANNOTATIONS).decode("utf-8", "replace")
  rows = [line.split() for line in text.splitlines() if line.strip()]
  labels = {row[0]: row[1] for row in rows if len(row) > 1}
  if len(labels) < len(rows):
    raise errors.UserError(
      f"{source.where(where)}: expected lines of an image and its class, each "
      "image once; mend it, or make a folder for each class"
    )
  classes: Classes = collections.defaultdict(list)
  for name in images:
    if name.startswith(prefix):
      image = name.rpartition("/")[2]
      if image not in labels:
        raise _mismatch(source, where, image, "is not listed")
      label = labels.pop(image)
      folders = name[len(prefix) :].split("/")[:-1]
      sorted_in = [x for x in folders if x.lower() not in _CONTAINERS]
      if sorted_in and label not in sorted_in:
        problem = f"lies in {errors.quote(sorted_in[0])}, not in {label[:80]!r}"
        raise _mismatch(source, where, image, problem)
      classes[label].append(name)
  if labels:
    raise _mismatch(source, where, next(iter(labels)), "is not there")
  return dict(classes)


def _mismatch(
  source: sources.Source, where: str, image: str, problem: str
) -> errors.UserError:
  return errors.UserError(
    f"{source.where(where)}: expected the class of every image, but "
    f"{errors.quote(image)} {problem}; mend it, or make a folder for each class"
  )


def _check_trained(source: sources.Source, splits: dict[str, Classes]) -> None:
  """Refuses classes that nothing is trained on."""
  if "train" not in splits:
    raise _refused(
      source, "a folder train", f"only {', '.join(splits)}", "add or rename it"
    )
  for split, classes in splits.items():
    for name in sorted(set(classes) - set(splits["train"])):
      raise _refused(
        source,
        f"in {split} the class folders of train",
        f"the class {errors.quote(name)}, which train has not (it holds "
        f"{errors.quote(classes[name][0])})",
        f"name them alike, or remove {split} where it has no labels",
      )


def _words(names: Iterable[str]) -> list[str]:
  """Returns what stands before the numbers in file names, if that repeats.

  Names such as `cat.0.jpg` and `dog_17.jpg` say what the images show.
  """
  counts = collections.Counter()
  for name in names:
    stem = name.rpartition("/")[2].rpartition(".")[0]
    word = stem.rstrip("0123456789")
    if word != stem and any(map(str.isalpha, word)):
      counts[word.rstrip("-._ ")] += 1
  return sorted(word for word, count in counts.items() if count > 1)


def _no_classes(
  source: sources.Source, prefix: str, images: Sequence[str]
) -> errors.UserError:
  """Returns the error for a folder of images without class folders."""
  inside = [name for name in images if is_inside(name, prefix)]
  inside = inside or [name for name in images if name.startswith(prefix)]
  words = _words(inside)
  first = source.where(inside[0]) if inside else source.where(prefix)
  if len(words) > 1:
    shown = errors.quote(", ".join(words))
    return _refused(
      source,
      "a folder for each class",
      f"{first}, with the class in its name ({shown})",
      "move each image into a folder of its class",
    )
  return _refused(
    source,
    "a folder for each class",
    f"{first} outside of one, without a label",
    "move images into folders of their classes, or remove them",
  )


def _refused(
  source: sources.Source, expected: str, got: str, advice: str
) -> errors.UserError:
  return errors.UserError(
    f"{source.here}: expected {expected}, got {got}; {advice}"
  )
