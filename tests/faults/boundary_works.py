"""Small works that write files, for `boundaries.py`.

Nothing here may start JAX in the parent process, whose children are forks.
"""

import dataclasses
import os
import pathlib
from collections.abc import Callable

import faults_commands as commands
import networks_tiny
import numpy as np
import scoring_models
import tiny

from nasjax import files
from nasjax.experiments import experiment
from nasjax.io import cache
from nasjax.networks import evaluate
from nasjax.networks.recipe import TrainingRecipe
from nasjax.predictors import predictor
from nasjax.scoring import shards, streaming

SPACE = commands.SPACE


def _nothing(folder: pathlib.Path) -> None:
  del folder


@dataclasses.dataclass(frozen=True)
class Work:
  """What is killed.

  Attributes:
    run: does it in a folder; doing it again finishes it.
    names: files that it leaves, by which two runs are compared.
    prepare: makes what must be there before.
    check: raises where a killed run left what nobody can use.
  """

  run: Callable[[pathlib.Path], object]
  names: tuple[str, ...]
  prepare: Callable[[pathlib.Path], object] = _nothing
  check: Callable[[pathlib.Path], object] = _nothing

  def results(self, folder: pathlib.Path) -> dict[str, bytes]:
    return commands.contents(folder, self.names)


def sums(genotypes: np.ndarray) -> np.ndarray:
  return genotypes.astype(np.float64) @ np.arange(1, genotypes.shape[1] + 1)


def a_file(root: pathlib.Path) -> Work:
  """One JSON file, with a former one in its place."""
  del root

  def check(folder):
    assert (folder / "x.json").read_text() in ("former", '{\n  "a": 2\n}\n')

  def prepare(folder):
    folder.mkdir()
    (folder / "x.json").write_text("former")

  return Work(
    lambda folder: files.write_json(folder / "x.json", {"a": 2}),
    ("x.json",),
    prepare,
    check,
  )


def a_cache(root: pathlib.Path) -> Work:
  """A converted table in the cache."""
  del root

  def run(folder):
    os.environ["NASJAX_CACHE"] = str(folder)
    cache.cached("table", "0" * 64, lambda: {"x": np.arange(9)})

  return Work(run, ("benchmarks/table-0000000000000000.npz",))


def a_stream(root: pathlib.Path) -> Work:
  """A stream with a state after every batch."""
  del root

  def run(folder):
    best = streaming.stream_top_k(
      sums, SPACE, 430, 5, batch_size=100, state=folder / "s.npz", save_every=1
    )
    files.write_json(folder / "top.json", best.scores.tolist())

  return Work(run, ("s.npz", "top.json"))


def some_shards(root: pathlib.Path) -> Work:
  """Four shards, merged."""
  del root
  genotypes = SPACE.sample(50, np.random.default_rng(0))

  def run(folder):
    shards.write_shards(sums, genotypes, folder, "id", num_shards=4)
    assert shards.merge(folder, genotypes, "id", num_shards=4) is not None

  names = [shards.shard_path(".", i, 4).name for i in range(4)]
  return Work(run, (*names, shards.MERGED))


def a_training(root: pathlib.Path) -> Work:
  """`train.py` with three epochs, a checkpoint after each."""
  table = commands.write_labels(root / "mine.csv")
  config = tiny.config(
    table=str(table),
    num_train=0,
    refit=False,
    epochs=3,
    **tiny.LIGHT,
  )

  def check(folder):
    if (folder / "checkpoint" / "model").exists():
      predictor.Predictor.load(folder)

  names = ("predictions.npz", "summary.json", "metrics.jsonl", "config.json")
  return Work(
    lambda folder: experiment.run(config, folder),
    (*names, "checkpoint/model/model.json"),
    check=check,
  )


def an_evaluation(root: pathlib.Path) -> Work:
  """The trainings of `--evaluate`: two cells, two epochs."""
  del root
  cells = SPACE.enumerate()[[500, 9000]]
  recipe = TrainingRecipe.preset("small", epochs=2, batch_size=8)

  def run(folder):
    evaluate.evaluate(
      SPACE,
      cells,
      networks_tiny.bars(),
      recipe,
      folder,
      skeleton=networks_tiny.SKELETON,
      shared=True,
    )

  return Work(run, ("cells", "run.json"))


def a_model(root: pathlib.Path) -> Work:
  """`Predictor.save` over a former model: the old one or the new one stays."""
  del root

  def save(folder, note):
    model, _ = scoring_models.make_predictor(**tiny.LIGHT)
    model.card = {"note": note}
    model.save(folder / "model")

  def prepare(folder):
    child = os.fork()
    if not child:
      save(folder, "old")
      os._exit(0)
    os.waitpid(child, 0)

  def check(folder):
    model = predictor.Predictor.load(folder / "model")
    assert model.card["note"] in ("old", "new")
    expected, _ = scoring_models.make_predictor(**tiny.LIGHT)
    cells = SPACE.sample(20, np.random.default_rng(0))
    np.testing.assert_array_equal(model.predict(cells), expected.predict(cells))

  def run(folder):
    save(folder, "new")
    assert predictor.Predictor.load(folder / "model").card["note"] == "new"
    assert [path.name for path in folder.iterdir()] == ["model"]

  return Work(run, ("model/model.json",), prepare, check)


WORKS = {
  "file": a_file,
  "cache": a_cache,
  "stream": a_stream,
  "shards": some_shards,
  "training": a_training,
  "evaluation": an_evaluation,
  "model": a_model,
}
