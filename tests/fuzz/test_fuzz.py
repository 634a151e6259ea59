"""A hundred mutated inputs for each reader; see `python -m tests.fuzz`."""

import importlib.util
import os
import pathlib
import random
import subprocess
import sys

import pytest

from tests.fuzz import mutators

ROOT = pathlib.Path(__file__).parent.parent.parent
NAMES = {
  "benchmarks": "pickle,pth,pth (old),safetensors,weights.pkl,npz,npz (own),"
  "cache,shard,TFRecord,TFRecord rows,metrics,NB301,NATS,NASLib,table nb101,"
  "table nb201,table nb301",
  "texts": "notation nb101,notation nb201,notation darts,CSV nb101,CSV nb201,"
  "CSV darts,model.json,stream",
  "images": "folder of PNG,folder of JPEG,folder of BMP,folder of GIF,"
  "image npz,MNIST,MNIST (unpacked),CIFAR-10,CIFAR-10 (binary),CIFAR-100,"
  "ImageNet16,SVHN,tar.gz,zip",
}


def test_mutations_are_seeded():
  content = bytes(range(256))
  first = [
    mutators.mutate(random.Random(f"0:x:{number}"), content)
    for number in range(50)
  ]
  again = [
    mutators.mutate(random.Random(f"0:x:{number}"), content)
    for number in range(50)
  ]
  assert first == again
  assert sum(mutated != content for mutated in first) > 45


@pytest.mark.slow
@pytest.mark.parametrize("group", NAMES)
def test_no_traceback_no_wrong_value_and_no_large_cost(group, tmp_path):
  if group == "images" and not importlib.util.find_spec("PIL"):
    pytest.skip("pillow, which opens pictures, is missing")
  words = ["--together", "--count", "100", "--readers", NAMES[group]]
  ended = subprocess.run(
    [sys.executable, "-m", "tests.fuzz", *words],
    cwd=ROOT,
    env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)},
    capture_output=True,
    text=True,
    timeout=600,
  )
  print(ended.stdout)  # shown where the test fails
  assert ended.returncode == 0, ended.stderr[-2000:]
  assert f"| {NAMES[group].split(',')[0]} | 100 |" in ended.stdout
