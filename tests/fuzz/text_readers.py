"""Notations of cells, tables of labels, and saved predictors and searches."""

import json
import pathlib
import shutil

import numpy as np

import nasjax
from nasjax.benchmarks import custom
from nasjax.scoring import streaming
from nasjax.spaces import registry as spaces
from tests.fuzz import mutators
from tests.fuzz.runner import Reader

_TOKENS = {
  "nb101": (b"input", b"output", b"conv3x3-bn-relu", b"maxpool3x3", b"+", b"/"),
  "nb201": (b"|none~0|", b"~1", b"+", b"nor_conv_3x3", b"skip_connect"),
  "darts": (b"Genotype(", b"normal=[", b"range(2, 6)", b"None", b"sep_conv_3x3",
            b"reduce_concat", b"__import__('os')", b"lambda:0", b"**9**9**9"),
}  # fmt: skip


def _notations(name):
  space = spaces.get_space(name)
  texts = space.format(space.sample(3, np.random.default_rng(0)))

  def make(folder):
    paths = [folder / f"{number}.txt" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
      path.write_text(str(text))
    return paths

  def read(folder):
    archs = [
      path.read_bytes().decode("utf-8", "replace")
      for path in sorted(folder.glob("*.txt"))
    ]
    return space.parse(archs)

  def holds(expected, found):
    again = space.parse(space.format(found))
    valid = space.is_valid(found).all() and len(found) == len(expected)
    return bool(valid) and np.array_equal(
      space.fingerprint(again), space.fingerprint(found)
    )

  return Reader(f"notation {name}", make, read, holds, tokens=_TOKENS[name])


def _csv(name):
  space = spaces.get_space(name)
  texts = space.format(space.sample(4, np.random.default_rng(1)))
  rows = [f'"{text}",{90 + number}.5' for number, text in enumerate(texts)]

  def make(folder):
    path = folder / "x.csv"
    path.write_text("\n".join(["arch,value", *rows]) + "\n")
    return [path]

  def read(folder):
    return custom.read_table(folder / "x.csv", space)

  def holds(_, found):
    values = found.values(custom.LABEL)
    cells = space.is_valid(found.genotypes).all()
    return bool(cells and np.isfinite(values).all() and values.size)

  tokens = (b'"', b"value", b"arch", b",value", b"nan", b"1_5", b"\r", b";")
  return Reader(
    f"CSV {name}", make, read, holds, tokens=(*tokens, *_TOKENS[name])
  )


_HOME = pathlib.Path(nasjax.__file__).parent / "pretrained" / "nb201_student"
_ARCHS = spaces.get_space("nb201").sample(5, np.random.default_rng(2))


def _make_model(folder):
  shutil.copytree(_HOME, folder / "model")
  return [folder / "model" / "model.json"]


def _read_model(folder):
  return nasjax.Predictor.load(folder / "model")


def _scores(_, found):
  return bool(np.isfinite(found.predict(_ARCHS)).all())


def _make_stream(folder):
  best = streaming.TopK(
    genotypes=_ARCHS, scores=np.arange(5.0), num_scored=9, mean=1.5, squares=2.0
  )
  streaming.save(folder / "x.npz", best, "identity")
  return [folder / "x.npz"]


def _same(expected, found):
  return np.array_equal(expected.scores, found.scores) and np.array_equal(
    expected.genotypes, found.genotypes
  )


def _field(rng, content):
  """Writes another value into the JSON of a model."""
  return mutators.value(rng, json.dumps(json.loads(content)).encode())


READERS = [
  *map(_notations, ("nb101", "nb201", "darts")),
  *map(_csv, ("nb101", "nb201", "darts")),
  Reader("model.json", _make_model, _read_model, _scores, _field, share=0.1),
  Reader(
    "stream",
    _make_stream,
    lambda folder: streaming.load(folder / "x.npz", "identity"),
    _same,
    mutators.inside_zip,
    share=0.5,
  ),
]
