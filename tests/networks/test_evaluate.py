"""Many cells: files of results, resumption, and workers that die."""

import json
import os
import pathlib

import networks_tiny as tiny
import numpy as np
import pytest

import nasjax
from nasjax import errors, files, networks
from nasjax.networks import evaluate as evaluation
from nasjax.networks import jobs
from nasjax.networks.training import Trainer

SPACE = nasjax.get_space("nb101")
# The two smallest cells: they compile fast.
CELLS = SPACE.parse(
  ["01/00:input+output", "010/001/000:input+maxpool3x3+output"]
)
SKELETON = networks.Skeleton(
  1, 1, image_size=8, num_classes=3, image_channels=1, stem_stride=2
)


def count(folder: pathlib.Path) -> None:
  """Notes that a training began."""
  with open(folder / "begun", "a") as file:
    file.write("x")


def die_once(folder: pathlib.Path) -> None:
  """Ends the process at the first training of one cell."""
  begun = folder / "begun"
  first = not begun.exists() and not list(folder.parent.glob("*/begun"))
  count(folder)
  if first:
    os._exit(1)


def run(workdir, hook=count, cells=CELLS, **options):
  return evaluation.evaluate(
    SPACE,
    cells,
    tiny.bars(),
    tiny.RECIPE,
    workdir,
    skeleton=SKELETON,
    before_cell=hook,
    **options,
  )


def begun(workdir) -> list[str]:
  return sorted(path.read_text() for path in workdir.glob("cells/*/begun"))


def check(results):
  archs = [result["arch"] for result in results]
  assert archs == SPACE.format(CELLS)
  for result, genotype in zip(results, CELLS, strict=True):
    module = networks.build(SPACE, genotype, skeleton=SKELETON)
    assert result["params"] == networks.count_params(module)
    (training,) = result["trainings"]
    assert len(training["test_accuracy"]) == tiny.RECIPE.epochs
    assert training["loss"][-1] < training["loss"][0]


@pytest.mark.slow
def test_serial_finishes_the_rest_and_trains_nothing_twice(
  tmp_path, monkeypatch
):
  first = run(tmp_path, cells=CELLS[:1])
  # The other cell stands for any: a quick network takes its place.
  quick = Trainer(tiny.Network(), [tiny.bars()], tiny.RECIPE)
  monkeypatch.setattr(jobs, "_trainer", lambda *_: quick)
  results = run(tmp_path, cells=CELLS)
  check(results)
  assert results[0] == first[0]
  assert begun(tmp_path) == ["x", "x"]
  assert not list(tmp_path.glob("cells/*/checkpoints"))
  assert len(list(tmp_path.glob("cells/*/log.jsonl"))) == 2
  again = run(tmp_path, cells=CELLS[[1, 0, 1]])
  assert again == [results[1], results[0], results[1]]
  assert begun(tmp_path) == ["x", "x"]

  description = json.loads((tmp_path / "run.json").read_text())
  assert description["recipe"]["epochs"] == tiny.RECIPE.epochs
  with pytest.raises(errors.UserError, match="another seeds"):
    run(tmp_path, seeds=(3,))


def test_a_cell_in_training_is_refused_and_loses_nothing(tmp_path, monkeypatch):
  quick = Trainer(tiny.Network(), [tiny.bars()], tiny.RECIPE)
  monkeypatch.setattr(jobs, "_trainer", lambda *_: quick)
  run(tmp_path)
  folder = sorted(tmp_path.glob("cells/*"))[0]
  (folder / "result.json").unlink()
  with (
    files.hold(folder),
    pytest.raises(errors.UserError, match="is in use"),
  ):
    run(tmp_path)
  assert (folder / "begun").read_text() == "x"
  run(tmp_path)
  assert (folder / "result.json").exists()
  assert (folder / "begun").read_text() == "xx"


def test_unknown_executor_and_space_of_the_shared_program(tmp_path):
  with pytest.raises(errors.UserError, match="'auto', 'serial', 'ray'"):
    run(tmp_path, executor="threads")
  with pytest.raises(errors.UserError, match="expected space 'nb201'"):
    run(tmp_path / "other", shared=True)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_dead_worker_is_replaced_and_nothing_counts_twice(tmp_path):
  ray = pytest.importorskip("ray", reason="Ray (extra distributed) is absent")
  path = str(pathlib.Path(__file__).parent)
  ray.init(
    num_cpus=1,
    include_dashboard=False,
    log_to_driver=False,
    runtime_env={"env_vars": {"PYTHONPATH": python_path(path)}},
  )
  try:
    results = run(tmp_path, die_once, executor="auto", max_retries=2)
  finally:
    ray.shutdown()
  check(results)
  # One of the two trainings was begun twice.
  assert begun(tmp_path) == ["x", "xx"]


def python_path(folder: str) -> str:
  source = str(pathlib.Path(nasjax.__file__).parent.parent)
  return os.pathsep.join([source, folder])


@pytest.mark.slow
def test_cells_at_once_give_what_each_gives_alone(tmp_path, monkeypatch):
  space = nasjax.get_space("nb201")
  cells = np.array([[c, 1, 0, 2, 3, 4] for c in (1, 2, 3)], np.int8)
  trainer = Trainer(tiny.Network(), [tiny.bars()], tiny.RECIPE, seeds=(0, 4))
  monkeypatch.setattr(jobs, "_shared_trainer", lambda job: trainer)

  def train(name, **options):
    return evaluation.evaluate(
      space, cells, tiny.bars(), tiny.RECIPE, tmp_path / name, **options,
      seeds=(0, 4), shared=True, before_cell=count,
    )  # fmt: skip

  alone, together = train("alone"), train("together", cells_at_once=2)
  assert [each["arch"] for each in together] == space.format(cells)
  assert [each["params"] for each in together] == [
    each["params"] for each in alone
  ]
  losses = [
    [training["loss"] for each in results for training in each["trainings"]]
    for results in (alone, together)
  ]
  np.testing.assert_allclose(losses[0], losses[1], rtol=1e-3)
  assert len({tuple(loss) for loss in losses[0]}) == 6
  folders = sorted((tmp_path / "together" / "blocks").iterdir())
  assert [(f / "begun").read_text() for f in folders] == ["x", "x"]
  assert not list(tmp_path.glob("together/blocks/*/checkpoints"))
  assert train("together", cells_at_once=2) == together
  assert [(f / "begun").read_text() for f in folders] == ["x", "x"]
  with pytest.raises(errors.UserError, match="cells_at_once: expected 1"):
    run(tmp_path / "other", cells_at_once=2)
