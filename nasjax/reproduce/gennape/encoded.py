"""Embeddings of networks by encoders that were pre-trained without labels.

Dimensions: `n` networks, `K` width of an embedding.
"""

import dataclasses
import functools
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from nasjax import progress
from nasjax.reproduce.gennape import data
from nasjax.systems.gennape import (
  batches,
  contrastive,
  encoder,
  reading,
)

NONE = "none"
PER_FAMILY, EPOCHS = 64, 10
"""Networks of each family that are pre-trained on, and how often."""


@dataclasses.dataclass(frozen=True, eq=False)
class Encoded:
  """One encoder.

  Attributes:
    samples: networks by family; their labels are not used.
    positives: one of `contrastive.POSITIVES`, or `none` for an encoder with
      random parameters.
    seed: of its parameters.
  """

  samples: Mapping[str, data.Sample]
  positives: str
  seed: int

  @property
  def module(self) -> encoder.Encoder:
    """The encoder."""
    return encoder.Encoder()

  @functools.cached_property
  def params(self) -> Any:
    """Parameters of the encoder, pre-trained where they are first needed."""
    rng = np.random.default_rng(self.seed)
    parts = [
      each.part(np.sort(rng.permutation(len(each))[:PER_FAMILY]))
      for each in self.samples.values()
    ]
    readings = [
      reading.read(graph) for each in parts for graph in each.networks.graphs()
    ]
    if self.positives == NONE:
      return contrastive.init(self.module, readings[0], self.seed)
    spectra = np.concatenate([_spectra(each) for each in parts])
    title = f"pre-training, {self.positives} positives, seed {self.seed}"
    total = EPOCHS * (len(readings) // contrastive.BATCH) * contrastive.BATCH
    with progress.Progress(title, total, unit="networks") as bar:
      return contrastive.pretrain(
        self.module,
        readings,
        spectra,
        positives=self.positives,
        epochs=EPOCHS,
        seed=self.seed,
        done=bar.update,
      )

  def embed(self, sample: data.Sample) -> np.ndarray:
    """Embeds networks, `[n, K]`; computed once and kept."""
    name = f"{self.positives}{self.seed}-{PER_FAMILY}-{EPOCHS}"

    def compute(graphs) -> np.ndarray:
      readings = [reading.read(graph) for graph in graphs]
      return contrastive.embed(self.module, self.params, readings)

    return sample.kept(name, compute, "embedding", _sources())


def _spectra(sample: data.Sample) -> np.ndarray:
  """Spectra of networks, computed once and kept."""
  number = contrastive.EIGENVALUES

  def compute(graphs) -> np.ndarray:
    return np.stack(
      [reading.spectrum(reading.read(graph), number) for graph in graphs]
    )

  return sample.kept("spectra", compute, "spectra of", _sources())


@functools.cache
def _sources() -> bytes:
  """The code that embeddings depend on."""
  modules = batches, contrastive, encoder, reading
  paths = [pathlib.Path(str(module.__file__)) for module in modules]
  return b"".join(path.read_bytes() for path in paths)
