"""An interrupted measurement goes on where it was, with equal numbers."""

import numpy as np
import pytest

from nasjax import compiler, proxies
from nasjax.proxies import kept, program, skeletons
from nasjax.spaces import registry

SPACE = registry.get_space("nb201")
CELLS = SPACE.parse(
  [
    f"|{a}~0|+|none~0|skip_connect~1|+|{b}~0|none~1|nor_conv_3x3~2|"
    for a in ("nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
    for b in ("none", "skip_connect")
  ]
)
SEEDS = 0, 1


@pytest.fixture(scope="module")
def small():
  """Programs that compile fast and take two networks at a time."""
  with pytest.MonkeyPatch.context() as patch:
    own = skeletons.Skeleton(4, 1, 4, 6, step=2)
    patch.setitem(skeletons.SKELETONS, "mini", own)
    patch.setattr(compiler, "_LIGHT", {})
    patch.setattr(program, "CHUNK", 3)
    yield


@pytest.fixture
def folder(small, monkeypatch, tmp_path):
  monkeypatch.setenv("NASJAX_CACHE", str(tmp_path))
  return tmp_path / kept.FOLDER


@pytest.fixture
def calls(monkeypatch):
  """Counts parts that are measured; the one of `stop` is interrupted."""
  measure, calls = program._measure, {"number": 0, "stop": 0}

  def counted(*args):
    calls["number"] += 1
    if calls["number"] == calls["stop"]:
      raise KeyboardInterrupt
    return measure(*args)

  monkeypatch.setattr(program, "_measure", counted)
  return calls


def _measured(seeds=SEEDS, progress=False):
  return proxies.measure(
    SPACE, CELLS, ["params", "nwot"], seeds=seeds, progress=progress
  )


def _interrupted(calls, part):
  calls.update(number=0, stop=part)
  with pytest.raises(KeyboardInterrupt):
    _measured()
  calls.update(number=0, stop=0)


@pytest.fixture(scope="module")
def whole(small, tmp_path_factory):
  with pytest.MonkeyPatch.context() as patch:
    patch.setenv("NASJAX_CACHE", str(tmp_path_factory.mktemp("whole")))
    return _measured()


def _check(found, whole):
  for name in ("params", "nwot"):
    np.testing.assert_array_equal(found.of_seeds[name], whole.of_seeds[name])
  assert len(set(found["nwot"])) == found.num_networks


def test_it_goes_on_after_an_interrupt(folder, calls, whole, capsys):
  parts = -(-whole.num_networks // 2)
  assert parts > 2
  _interrupted(calls, 3)
  assert len(list(folder.iterdir())) == 2
  found = _measured(progress=True)
  assert calls["number"] == parts - 2
  assert f"goes on after 4 of {whole.num_networks}" in capsys.readouterr().err
  _check(found, whole)
  assert list(folder.iterdir()) == []


def test_what_was_finished_is_measured_once(folder, calls, whole):
  for part in (2, 2):
    _interrupted(calls, part)
  assert len(list(folder.iterdir())) == 2
  _check(_measured(), whole)


def test_a_damaged_part_is_measured_again_and_said(folder, calls, whole):
  _interrupted(calls, 3)
  first, _ = sorted(folder.iterdir())
  first.write_bytes(first.read_bytes()[:-9])
  with pytest.warns(UserWarning, match="rebuilding it now"):
    found = _measured()
  assert calls["number"] == -(-whole.num_networks // 2) - 1
  _check(found, whole)
  assert list(folder.iterdir()) == []


def test_other_seeds_begin_anew(folder, calls, whole):
  _interrupted(calls, 3)
  found = _measured(seeds=(1, 0))
  assert calls["number"] == -(-whole.num_networks // 2)
  np.testing.assert_array_equal(
    found.of_seeds["nwot"], whole.of_seeds["nwot"][::-1]
  )
  assert len(list(folder.iterdir())) == 2


def test_nothing_is_kept_of_a_single_part(folder):
  proxies.measure(SPACE, CELLS[:1], ["nwot"], seeds=SEEDS, progress=False)
  assert not folder.exists()


def test_a_folder_that_cannot_be_written_is_said_once(folder, calls, whole):
  folder.write_text("a file where a folder should be")
  with pytest.warns(UserWarning, match="not cached") as warned:
    found = _measured()
  assert len(warned) == 1
  _check(found, whole)
