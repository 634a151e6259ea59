"""Benchmarks by name: where their data may lie, and how to get them."""

import dataclasses
import pathlib
from collections.abc import Callable

from nasjax import errors, files
from nasjax.benchmarks import (
  analog,
  base,
  mini201,
  nats_size,
  nb101,
  nb201,
  nb301,
  transnas,
)
from nasjax.spaces import registry as spaces

Loader = Callable[[pathlib.Path], base.Benchmark | None]


@dataclasses.dataclass(frozen=True)
class Download:
  """An official file that can be fetched without a browser.

  Attributes:
    url: its address.
    name: its file name.
    sha256: the checksum that its publisher states.
    size: about how large it is, in words.
  """

  url: str
  name: str
  sha256: str | None
  size: str


@dataclasses.dataclass(frozen=True)
class Entry:
  """One benchmark.

  Attributes:
    space: name of its search space.
    what: one line for lists.
    loaders: tried in order on each folder; official files come first.
    tables: the table files that a loader reads.
    official: how to get the official files, in words; empty where the
      benchmark is a table only.
    downloads: official files that the command line can fetch, by size.
  """

  space: str
  what: str
  loaders: tuple[Loader, ...] = ()
  tables: tuple[str, ...] = ()
  official: str = ""
  downloads: tuple[Download, ...] = ()


# Addresses and checksums as the README of google-research/nasbench states them.
_NB101_HOME = "https://storage.googleapis.com/nasbench"
_NB101_DOWNLOADS = (
  Download(
    f"{_NB101_HOME}/nasbench_only108.tfrecord",
    "nasbench_only108.tfrecord",
    "4c39c3936e36a85269881d659e44e61a245babcb72cb374eacacf75d0e5f4fd1",
    "499 MB, 108 epochs",
  ),
  Download(
    f"{_NB101_HOME}/nasbench_full.tfrecord",
    "nasbench_full.tfrecord",
    "3d64db8180fb1b0207212f9032205064312b6907a3bbc81eabea10db2f5c7e9c",
    "1.95 GB, 4, 12, 36 and 108 epochs",
  ),
)

# The first benchmark of a space is the one that a search looks up.
_ENTRIES = {
  "nb201_analog": Entry(
    "nb201",
    "NAS-Bench-201 cells, CIFAR-10 test (retrained; installed with nasjax)",
  ),
  "nb201": Entry(
    "nb201",
    "NAS-Bench-201: CIFAR-10, CIFAR-100, ImageNet16-120",
    (nb201.load_official, nb201.load_tables),
    nb201.TABLES,
    f"the unpacked official folder {nb201.NATS_FOLDER} (link in the README of "
    f"D-X-Y/NATS-Bench) or {nb201.NASLIB_FILES[0]} (automl/NASLib)",
  ),
  "mini201": Entry(
    "nb201",
    "210 NAS-Bench-201 cells on 8 image sets (trained by nasjax, installed)",
  ),
  "nb101": Entry(
    "nb101",
    "NAS-Bench-101: CIFAR-10, all 423,624 cells",
    (nb101.load_official, nb101.load_tables),
    nb101.TABLES,
    "the official nasbench_only108.tfrecord, by `python -m nasjax.benchmarks "
    "get nb101`",
    _NB101_DOWNLOADS,
  ),
  "nb301": Entry(
    "darts",
    "NAS-Bench-301: DARTS genotypes; the table holds SURROGATE labels",
    (nb301.load_official, nb301.load_tables),
    nb301.TABLES,
    "the unpacked official folder nb_301_v13_lc_iclr_final (figshare "
    "13286105, `nasbench301_full_data`)",
  ),
  "darts545": Entry(
    "darts",
    "OnceNAS-Bench: 545 trained DARTS genotypes, CIFAR-10",
    (nb301.load_545,),
    nb301.TABLES_545,
  ),
  "nb201_9x199": Entry(
    "nb201",
    "199 NAS-Bench-201 cells on SVHN, spherical CIFAR-100, NinaPro",
    (nb201.load_9x199,),
    nb201.TABLES_9X199,
  ),
  "darts_9x199": Entry(
    "darts",
    "199 DARTS genotypes on SVHN, spherical CIFAR-100, NinaPro",
    (nb301.load_9x199,),
    nb301.TABLES_9X199,
  ),
  "transnas": Entry(
    "nb201",
    "TransNAS-Bench-101 micro: 4,096 cells without pooling on three tasks",
    (transnas.load,),
    transnas.TABLES,
  ),
  "nats_size": Entry(
    "size",
    "NATS-Bench size space: 32,768 networks of one cell, CIFAR-10",
    (nats_size.load,),
    nats_size.TABLES,
  ),
}

_INSTALLED = {"nb201_analog": analog.load, "mini201": mini201.load}


def benchmark_names() -> tuple[str, ...]:
  """Returns the names of all benchmarks."""
  return tuple(_ENTRIES)


def get_entry(name: str) -> Entry:
  """Returns the entry of a benchmark, without loading it.

  Raises:
    UserError: no benchmark has that name.
  """
  errors.check_name("benchmark", name, _ENTRIES)
  return _ENTRIES[name]


def default_benchmark(space_name: str) -> str:
  """Returns the name of the benchmark that a search in a space looks up.

  Raises:
    UserError: no space has that name, or no benchmark is of that space.
  """
  for name, entry in _ENTRIES.items():
    if entry.space == space_name:
      return name
  spaces.get_space(space_name)
  raise errors.UserError(
    f"space {space_name!r} has no benchmark of known accuracies: expected "
    "labels of one's own (--config=custom --config.table=FILE.csv)"
  )


def download_dir() -> pathlib.Path:
  """Returns the folder for downloads where no data folder is named."""
  return files.cache_dir() / "downloads"


def get_benchmark(
  name: str, data_dir: files.PathLike | None = None
) -> base.Benchmark:
  """Loads a benchmark.

  Looks in the data folder, then among the downloads of nasjax; in each, the
  official files win over tables.

  Args:
    name: one of `benchmark_names()`.
    data_dir: folder of tables or official files; `NASJAX_DATA` by default.

  Raises:
    UserError: the name is unknown, no data is there, or it is damaged.
  """
  entry = get_entry(name)
  if name in _INSTALLED:
    return _INSTALLED[name]()
  folder = files.data_dir(data_dir)
  for place in (folder, download_dir()):
    if place is not None and place.is_dir():
      for load in entry.loaders:
        benchmark = load(place)
        if benchmark is not None:
          return benchmark
  raise _no_data(name, entry, folder)


def _no_data(
  name: str, entry: Entry, folder: pathlib.Path | None
) -> errors.UserError:
  """Returns the error that names every way to get the data."""
  ways = [f"(1) the table {' + '.join(entry.tables)}"]
  if entry.official:
    ways.append(f"(2) {entry.official}")
  own = "one's own CSV with configs/custom.py"
  if entry.space == "nb201":
    own = f"--config.benchmark=nb201_analog (installed with nasjax) or {own}"
  ways.append(f"({len(ways) + 1}) {own}")
  where = "no folder was named" if folder is None else f"got {str(folder)!r}"
  return errors.UserError(
    f"no data for benchmark {name!r}: expected in the folder of --data_dir or "
    f"NASJAX_DATA ({where}) {'; '.join(ways)}"
  )
