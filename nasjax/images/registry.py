"""Image sets by path or by name."""

import dataclasses
import pathlib
import types
from collections.abc import Callable

from nasjax import errors, files, foreign
from nasjax.images import (
  aircraft,
  base,
  cifar,
  folder,
  idx,
  imagenet16,
  npz,
  packaged,
  sources,
  svhn,
  unknown,
)
from nasjax.io import download

# The most particular formats come first.
_FORMATS: tuple[types.ModuleType, ...] = (
  npz,
  cifar,
  imagenet16,
  svhn,
  aircraft,
  idx,
  folder,
)


@dataclasses.dataclass(frozen=True)
class Download:
  """An official file.

  Attributes:
    url: its address.
    sha256: its checksum; None where none is known.
  """

  url: str
  sha256: str | None

  @property
  def name(self) -> str:
    """Its file name."""
    return self.url.rpartition("/")[2]


def _idx_downloads(home: str, digests: tuple[str, ...]) -> tuple[Download, ...]:
  names = (
    f"{split}-{kind}-ubyte.gz"
    for split in ("train", "t10k")
    for kind in ("images-idx3", "labels-idx1")
  )
  return tuple(
    Download(f"{home}/{name}", digest)
    for name, digest in zip(names, digests, strict=True)
  )


_CIFAR = "https://www.cs.toronto.edu/~kriz"
_SVHN = "http://ufldl.stanford.edu/housenumbers"
# Checksums as several public loaders of the same addresses, such as those of
# Keras and torchvision, state them.
_DOWNLOADS = {
  "cifar10": (
    Download(
      f"{_CIFAR}/cifar-10-python.tar.gz",
      "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
    ),
  ),
  "cifar100": (
    Download(
      f"{_CIFAR}/cifar-100-python.tar.gz",
      "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
    ),
  ),
  "svhn": (
    Download(
      f"{_SVHN}/train_32x32.mat",
      "435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8",
    ),
    Download(
      f"{_SVHN}/test_32x32.mat",
      "cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b",
    ),
  ),
  "aircraft": (
    Download(
      "https://www.robots.ox.ac.uk/~vgg/data/fgvc-aircraft/archives/"
      "fgvc-aircraft-2013b.tar.gz",
      None,
    ),
  ),
  "mnist": _idx_downloads(
    "https://ossci-datasets.s3.amazonaws.com/mnist",
    (
      "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
      "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
      "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
      "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    ),
  ),
  "fashion_mnist": _idx_downloads(
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
    (
      "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
      "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
      "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
      "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    ),
  ),
}
_PACKAGED: dict[str, Callable[[], base.ImageSet]] = {
  "digits": packaged.digits,
  "mnist5k": packaged.mnist5k,
}


def image_set_names() -> tuple[str, ...]:
  """Returns the names that `load_images` knows."""
  return (*_DOWNLOADS, *_PACKAGED)


def load_images(
  path_or_name: files.PathLike,
  *,
  opener: download.Opener = download.urlopen,
  **options: str,
) -> base.ImageSet:
  """Loads an image set.

  Args:
    path_or_name: a folder, an archive (.zip, .tar, .tar.gz), a .npz or .mat
      file, whose format is told from its content; or one of
      `image_set_names()`, which is downloaded once. A path that exists wins.
    opener: opens a request, with the answer of `urllib.request.urlopen`.
    **options: options of the format; `level` for FGVC-Aircraft.

  Raises:
    UserError: nothing is there, no format fits, the data are damaged, or a
      class of another split has no image in `train`.
  """
  name = str(path_or_name)
  with foreign.reading(name, "a path or a name", "give one of them"):
    path = files.expand(path_or_name)
    exists = path.exists()
  if not exists:
    if name in _PACKAGED:
      return _PACKAGED[name]()
    if name in _DOWNLOADS:
      path = _fetch(name, opener)
    elif not path.suffix and path.name == name:
      raise errors.UserError(
        f"no image set {errors.quote(name)}: expected a path that exists, or "
        f"one of {', '.join(image_set_names())}"
      )
  return _load(sources.open_source(path), options)


def _fetch(name: str, opener: download.Opener) -> pathlib.Path:
  """Downloads what is not there yet; returns the file, or their folder."""
  home = files.cache_dir() / "images" / name
  downloads = _DOWNLOADS[name]
  for file in downloads:
    place = home / file.name
    if not place.exists():  # it was checked before it got this name
      download.fetch(file.url, place, sha256=file.sha256, opener=opener)
  return home / downloads[0].name if len(downloads) == 1 else home


def _load(source: sources.Source, options: dict[str, str]) -> base.ImageSet:
  for module in _FORMATS:
    root = module.detect(source)
    if root is None:
      continue
    known = ("level",) if module is aircraft else ()
    others = sorted(set(options) - set(known))
    if others:
      raise errors.UserError(
        f"{source.here}: expected {known or 'no'} options, got "
        f"{others}; leave them out"
      )
    found = module.load(source, root, **options)
    base.check_trained(found, source.here)
    return found
  raise unknown.refusal(source)
