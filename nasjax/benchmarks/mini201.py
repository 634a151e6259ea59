"""`mini201`: 210 cells of NAS-Bench-201, each trained on eight image sets.

It comes with nasjax (docs/networks.md says how it was made) and is the ground
truth of predictors that know a data set by its images. Dimensions: `T` image
sets, `V` draws of images, `C` classes, `P` images of each, `D` width of an
embedding.
"""

import dataclasses
import json
import pathlib
from typing import Any

import numpy as np

from nasjax import errors, files, foreign
from nasjax.benchmarks import base
from nasjax.spaces import registry

NAME = "mini201"
_KIND = "a table of mini201"
FILE = pathlib.Path(__file__).parent / "mini201.npz"
EMBEDDINGS = pathlib.Path(__file__).parent / "mini201_embeddings.npz"


@dataclasses.dataclass(frozen=True, eq=False)
class Embeddings:
  """Embedded training images of every image set.

  Attributes:
    names: `T` names.
    embeddings: `[T, V, C, P, D]` float32, zero where masked.
    mask: `[T, V, C, P]` float32, 1 on real images.
  """

  names: tuple[str, ...]
  embeddings: np.ndarray
  mask: np.ndarray


def load(path: files.PathLike = FILE) -> base.Benchmark:
  """Loads the labels: `<image set>/test`, `/seed0`, `/seed1`, in percent.

  `test` is the mean of the seeds; a diverged training leaves NaN.

  Args:
    path: what `mini201_build` wrote.

  Raises:
    UserError: the file is missing or was changed.
  """
  arrays = files.load_npz(path)
  with foreign.reading(path, _KIND):
    card = json.loads(str(arrays["card"]))
    epochs, trainings = card["recipe"]["epochs"], card["trainings"]
    genotypes = registry.get_space("nb201").check(arrays["genotypes"])
    columns, labels = {}, {}
    for place, name in enumerate(arrays["image_sets"].tolist()):
      accuracy = arrays["accuracy"][:, place].astype(np.float64)
      runs = {"test": ("mean of 2 seeds", accuracy.mean(1))}
      for column, seed in enumerate(arrays["seeds"].tolist()):
        runs[f"seed{seed}"] = (f"seed {seed}", accuracy[:, column])
      for key, (seeds, values) in runs.items():
        columns[f"{name}/{key}"] = values
        labels[f"{name}/{key}"] = base.Label(
          name, "test", epochs, seeds, "small skeleton, 16 x 16 images"
        )
  return base.Benchmark(
    name=NAME,
    space=registry.get_space("nb201"),
    genotypes=genotypes,
    labels=labels,
    columns=columns,
    source=f"{trainings} trainings by nasjax",
  )


def card(path: files.PathLike = FILE) -> dict[str, Any]:
  """Returns what is known of the trainings: recipe, hours, noise of labels.

  Raises:
    UserError: the file is missing or was changed.
  """
  arrays = files.load_npz(path)
  with foreign.reading(path, _KIND):
    return json.loads(str(arrays["card"]))


def load_embeddings(path: files.PathLike = EMBEDDINGS) -> Embeddings:
  """Loads the embeddings that `mini201_embed` wrote.

  Raises:
    UserError: the file is missing or was changed.
  """
  arrays = files.load_npz(path)
  with foreign.reading(path, "the embeddings of mini201"):
    embeddings, mask = arrays["embeddings"], arrays["mask"]
    names = tuple(arrays["image_sets"].tolist())
  if embeddings.shape[:-1] != mask.shape:
    raise errors.UserError(
      f"{str(path)!r}: expected a mask of shape {list(embeddings.shape[:-1])}, "
      f"got {list(mask.shape)}"
    )
  return Embeddings(
    names,
    embeddings.astype(np.float32),
    mask.astype(np.float32),
  )
