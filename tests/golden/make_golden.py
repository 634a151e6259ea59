"""Writes the golden scores.

  PYTHONPATH=tests python tests/golden/make_golden.py

A new predictor gets its scores by this; those of the others stay as they are,
since a change that moves them is what the test is there to find.
"""

import json
import pathlib

import numpy as np
import tiny

import nasjax
from nasjax import config as configs
from nasjax.images import sample as samples
from nasjax.predictors import dataset_predictor, predictor

FOLDER = pathlib.Path(__file__).parent
SCORES = FOLDER / "scores.json"
MODELS = FOLDER / "models"
CELLS = 24
WIDTH = 6


def embeddings(width: int, num_classes: int = 3) -> samples.ClassEmbeddings:
  """Embeddings of a made-up image set, `[C, 4, width]`."""
  values = np.random.default_rng(7).normal(size=(num_classes, 4, width))
  return samples.ClassEmbeddings(
    values.astype(np.float32), np.ones((num_classes, 4), np.float32)
  )


def names() -> list[str]:
  """Every predictor that has golden scores."""
  saved = sorted(path.parent.name for path in MODELS.glob("*/model.json"))
  return [
    *predictor.pretrained_names(),
    *(f"images/{name}" for name in dataset_predictor.pretrained_spaces()),
    *(f"saved/{name}" for name in saved),
  ]


def open_any(name: str):
  """Opens one of `names`; it has `predict`."""
  kind, _, rest = name.rpartition("/")
  if not kind:
    return nasjax.Predictor.pretrained(name)
  folder = dataset_predictor.PRETRAINED if kind == "images" else MODELS
  if kind == "images" or rest == "images":
    model = nasjax.DatasetPredictor.load(folder / rest)
    described = json.loads((folder / rest / "model.json").read_text())
    width = described["dataset_encoder"]["sample"][-1]
    return model.on(embeddings(width))
  return nasjax.Predictor.load(folder / rest)


def space_of(name: str):
  """The search space of a golden predictor."""
  last = name.rpartition("/")[2]
  return nasjax.get_space(
    next(
      (s for s in ("nb101", "nb201", "darts") if last.startswith(s)), "nb201"
    )
  )


def _train_small() -> None:
  """Trains the small models that are kept beside this file."""
  space = nasjax.get_space("nb201")
  cells = space.sample(40, np.random.default_rng(0))
  labels = cells.astype(float) @ np.arange(1, 7) + (cells == 3).sum(axis=1)
  tiny_fields = {f"model.{name}": value for name, value in tiny.MODEL.items()}
  base = {**tiny_fields, "epochs": 3, "batch_size": 8}
  configured = {
    "architecture": configs.override(configs.space_defaults("nb201"), base),
    "student": configs.override(configs.student_defaults("nb201"), base),
    "pinat": configs.override(
      configs.space_defaults("nb201"),
      {
        **{"model.name": "pinat", "model.width": 16, "model.key_width": 8},
        **{"model.num_layers": 1, "model.ffn_width": 16, "epochs": 2},
        **{"model.set_width": 4, "model.embed_heads": 2, "batch_size": 8},
      },
    ),
  }
  configs.override(configured["student"], {"teacher": ""})
  for kind, config in configured.items():
    folder = MODELS / kind
    if not folder.exists():
      nasjax.Predictor("nb201", config=config).fit(cells, labels).save(folder)
  if not (MODELS / "images").exists():
    config = configs.override(
      configs.images_defaults(), {**base, "num_members": 2}
    )
    sets = np.random.default_rng(3).normal(size=(2, 1, 3, 4, WIDTH))
    nasjax.DatasetPredictor(config).fit(
      cells,
      np.stack([labels, -labels], axis=1),
      sets.astype(np.float32),
      np.ones((2, 1, 3, 4), np.float32),
    ).save(MODELS / "images")


def main() -> None:
  """Trains what is missing, and adds the scores that are missing."""
  _train_small()
  found = json.loads(SCORES.read_text()) if SCORES.exists() else {}
  for name in names():
    if name in found:
      continue
    space = space_of(name)
    cells = space.sample(CELLS, np.random.default_rng(11))
    scores = open_any(name).predict(cells)
    found[name] = {
      "space": space.name,
      "archs": list(space.format(cells)),
      "scores": [float(score) for score in scores],
    }
  SCORES.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
  main()
