"""Prints benchmarks, and downloads and converts their data."""

from nasjax import files
from nasjax.benchmarks import base, registry
from nasjax.commands.data_options import GetOptions, ListOptions
from nasjax.io import download


def show(options: ListOptions) -> None:
  """Prints every benchmark, its files, and the data folder."""
  folder = files.data_dir(options.data_dir)
  for name in registry.benchmark_names():
    entry = registry.get_entry(name)
    print(f"{name} ({entry.space}): {entry.what}")
    if entry.tables:
      print(f"  tables: {' + '.join(entry.tables)}")
    if entry.official:
      print(f"  official: {entry.official}")
  print(f"data folder: {folder or 'none (--data_dir or NASJAX_DATA)'}")


def get(
  options: GetOptions, opener: download.Opener = download.urlopen
) -> None:
  """Downloads, checks and converts what can be, and prints the benchmark.

  Args:
    options: of the command.
    opener: opens downloads.

  Raises:
    UserError: there is no such benchmark, or its data are not there.
  """
  downloads = registry.get_entry(options.name).downloads
  if downloads:
    chosen = downloads[-1 if options.full else 0]
    folder = files.data_dir(options.data_dir) or registry.download_dir()
    print(f"{chosen.url} ({chosen.size}) -> {folder / chosen.name}")
    measured = download.fetch(
      chosen.url,
      folder / chosen.name,
      sha256=options.sha256 or chosen.sha256,
      opener=opener,
    )
    print(f"sha256 {measured}")
  _print(registry.get_benchmark(options.name, options.data_dir))


def _print(benchmark: base.Benchmark) -> None:
  print(f"{benchmark.name}: {len(benchmark)} cells; {benchmark.source}")
  for label in benchmark.columns:
    print(f"  {label}: {benchmark.describe(label)}")
