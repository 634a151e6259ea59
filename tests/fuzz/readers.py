"""All readers of foreign bytes, by name."""

from tests.fuzz import benchmark_readers, image_readers, text_readers
from tests.fuzz.runner import Reader

GROUPS: dict[str, list[Reader]] = {
  "benchmarks": benchmark_readers.READERS,
  "texts": text_readers.READERS,
  "images": image_readers.READERS,
}
READERS = {reader.name: reader for group in GROUPS.values() for reader in group}
