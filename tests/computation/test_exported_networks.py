"""Networks that were exported to ONNX have the graphs of their Flax modules.

The files hold networks of `examples/rank_networks.py` for images of 64 x 64, as
jax2onnx 0.17.1 writes them, without the numbers of arrays of more than 16.
"""

import importlib.util
import pathlib

import pytest

from nasjax import computation

FOLDER = pathlib.Path(__file__).parent / "exported"
EXAMPLE = FOLDER.parents[2] / "examples" / "rank_networks.py"


@pytest.mark.parametrize(
  ("name", "params"), [("ResNet18", 11_689_512), ("MobileNetV2", 3_504_872)]
)
def test_both_sources_give_one_graph(name, params):
  pytest.importorskip("onnx", reason="needs the extra onnx")
  spec = importlib.util.spec_from_file_location("rank_networks", EXAMPLE)
  assert spec
  assert spec.loader
  example = importlib.util.module_from_spec(spec)
  spec.loader.exec_module(example)
  traced = computation.from_flax(getattr(example, name)(), (1, 64, 64, 3))
  read = computation.from_onnx(FOLDER / f"{name}.onnx")
  assert computation.difference(traced, read) == ""
  assert read.params == params
