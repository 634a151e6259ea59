"""Pickles, weights, arrays, caches, and the files of benchmarks."""

import base64
import bz2
import collections
import json
import pickle
import sys
import types

import numpy as np

from nasjax import files
from nasjax.benchmarks import metrics_proto, nb101_tfrecord, registry
from nasjax.images.encoders import weights
from nasjax.io import cache, safe_pickle
from nasjax.scoring import shards
from nasjax.spaces import registry as spaces
from tests.benchmarks import protobuf_writer, tfrecord_writer
from tests.fuzz import mutators
from tests.fuzz.runner import Reader
from tests.images import torch_writer

_ARCHS = [
  "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|none~1|none~2|",
  "|none~0|+|none~0|none~1|+|nor_conv_1x1~0|none~1|skip_connect~2|",
]


def _one(name, content):
  """Makes a folder of one file."""

  def make(folder):
    path = folder / name
    path.write_bytes(content() if callable(content) else content)
    return [path]

  return make


def _equal(expected, found):
  """Whether two dictionaries hold the same arrays."""
  return list(expected) == list(found) and all(
    np.array_equal(
      expected[name], found[name], equal_nan=expected[name].dtype.kind == "f"
    )
    for name in expected
  )


# Pickles and weights.


def _plain():
  data = {
    "labels": list(range(30)),
    "data": np.arange(12, dtype=np.uint8).reshape(3, 4),
    ("cifar10", 777): [collections.OrderedDict(a=np.float64(0.5)), b"x", None],
    "text": "é",
    "floats": [0.5] * 20,
  }
  return pickle.dumps(data, 2)


def _walked(name):
  def read(folder):
    with open(folder / name, "rb") as file:
      return len(repr(safe_pickle.load_arrays(file)))

  return read


class _Patch:
  """Installs modules for good, as `monkeypatch` does for a test."""

  def setitem(self, target, name, value):
    target[name] = value


def _torch(form):
  def content():
    torch_writer.install(_Patch())
    arrays = {
      "conv": np.arange(6, dtype=np.float32).reshape(2, 3),
      "bias": np.arange(3, dtype=np.float64),
      "steps": np.array(7),
    }
    state = torch_writer.state_dict(arrays)
    write = getattr(torch_writer, form)
    done = write({"epoch": 3, "state_dict": state}, list(state.values()))
    for name in ("torch", "torch._utils"):
      del sys.modules[name]
    return done

  return content


def _safetensors():
  arrays = {"a": np.eye(3, dtype=np.float32), "b": np.arange(4)}
  return torch_writer.safetensors(arrays)


def _weights(name):
  return lambda folder: weights.read(folder / name)


def _small(expected, found):
  del expected
  return sum(array.nbytes for array in found.values()) <= 1 << 29


def _in_torch(rng, content):
  if rng.random() < 0.5:
    return mutators.inside_zip(rng, content, mutators._CODES)
  return mutators.mutate(rng, content)


# Arrays, caches and shards.


def _saved(folder):
  path = folder / "x.npz"
  files.save_npz(path, rows=np.arange(9.0), names=np.array(["a", "bb"]))
  return [path]


def _plain_npz(folder):
  path = folder / "x.npz"
  np.savez(path, a=np.arange(6).reshape(2, 3), b=np.array(["x"]), c=np.eye(2))
  return [path]


_CACHED = {"genotypes": np.arange(6), "cifar10/val": np.array([0.5, np.nan])}


def _make_cache(folder):
  del folder
  cache.cached("x", "ab" * 32, lambda: _CACHED)
  return [files.cache_dir() / "benchmarks" / f"x-{'ab' * 8}.npz"]


def _read_cache(folder):
  del folder
  return dict(cache.cached("x", "ab" * 32, lambda: _CACHED))


_CELLS = np.arange(12).reshape(12, 1)


def _read_shards(folder):
  def score(cells):
    return cells[:, 0] * 0.5

  shards.write_shards(score, _CELLS, folder, "identity", num_shards=3)
  return shards.merge(folder, _CELLS, "identity", num_shards=3)


def _make_shards(folder):
  _read_shards(folder)
  return [shards.shard_path(folder, 1, 3)]


# Benchmarks.


def _row(name, epochs, matrix, ops, val=0.9, test=0.8):
  message = base64.b64encode(protobuf_writer.run(val, test)).decode()
  return json.dumps([name, epochs, matrix, ops, message]).encode()


_ROWS = [
  _row("0a" * 16, 108, "0100", "input,output"),
  _row(
    "ff" * 16,
    108,
    "0101001000010000",
    "input,conv1x1-bn-relu,maxpool3x3,output",
  ),
]


def _convert_records(folder):
  return nb101_tfrecord.convert(folder / "x.tfrecord")


def _make_rows(folder):
  path = folder / "row.json"
  path.write_bytes(_ROWS[1])
  return [path]


def _convert_rows(folder):
  """Frames a mutated row with right checksums."""
  row = (folder / "row.json").read_bytes()
  tfrecord_writer.write(folder / "x.tfrecord", [_ROWS[0], row])
  return nb101_tfrecord.convert(folder / "x.tfrecord")


def _valid_columns(space_name):
  """Cells of the space, and accuracies in percent or NaN."""

  def holds(expected, found):
    del expected
    columns = dict(found)
    genotypes = columns.pop("genotypes")
    columns.pop("epochs", None)
    valid = spaces.get_space(space_name).is_valid(genotypes).all()
    return bool(valid) and all(
      column.dtype == np.float64
      and column.shape == (len(genotypes),)
      and (np.isnan(column) | ((column >= 0) & (column <= 100))).all()
      for column in columns.values()
    )

  return holds


def _fresh(name):
  """Reads a benchmark without its cache."""

  def read(folder):
    for path in (files.cache_dir() / "benchmarks").glob("nb*.npz"):
      path.unlink()
    benchmark = registry.get_benchmark(name, folder)
    return {"genotypes": benchmark.genotypes, **benchmark.columns}

  return read


_PREFIX = "NetworkSelectorDatasetInfo:darts:"


def _make_nb301(folder):
  config = {}
  for cell in ("normal", "reduce"):
    for node, offset in ((2, 0), (3, 2), (4, 5), (5, 9)):
      if node > 2:
        config[f"{_PREFIX}inputs_node_{cell}_{node}"] = "0_1"
      for source in (0, 1):
        config[f"{_PREFIX}edge_{cell}_{offset + source}"] = "sep_conv_3x3"
  result = {
    "optimized_hyperparamater_config": config,
    "info": [{"val_accuracy": 94.5, "epochs": 98}],
    "test_accuracy": 94.25,
  }
  path = folder / "nb_301_v13" / "rs" / "results_0.json"
  path.parent.mkdir(parents=True)
  path.write_text(json.dumps(result))
  return [path]


def _make_nats(folder):
  accuracies = {f"{split}@199": 90.5 for split in ("x-valid", "ori-test")}
  accuracies |= {"x-test@199": 71.25}
  names = ("cifar10-valid", "cifar10", "cifar100", "ImageNet16-120")
  runs = {(name, 777): {"eval_acc1es": accuracies} for name in names}
  nats = folder / "NATS-tss-v1_0-3ffb9-simple"
  nats.mkdir()
  paths = []
  for name, content in {
    "meta": {"meta_archs": _ARCHS},
    "000000": {"200": {"all_results": runs}},
    "000001": {"200": {"all_results": runs}},
  }.items():
    paths.append(nats / f"{name}.pickle.pbz2")
    paths[-1].write_bytes(bz2.compress(pickle.dumps(content)))
  return paths


def _naslib():
  runs = {"cifar10-valid": {"eval_acc1es": [10.0, 50.0, 90.5]}}
  return pickle.dumps({arch: runs for arch in _ARCHS})


def _table(name, arrays):
  def make(folder):
    np.savez(folder / name, **arrays)
    return [folder / name]

  return make


_NB101 = {
  "vertices": np.array([2, 4], np.uint8),
  "edge_bits": np.array([1, 0b101101], np.uint32),
  "label_base3": np.array([0, 5], np.uint8),
  "test_acc": np.array([80.5, 93.25], np.float32),
}
_NB201 = {
  "ops": np.array([[0, 1, 2, 3, 4, 0], [1] * 6], np.int8),
  "op_names": np.array(spaces.get_space("nb201").op_names),
  **{
    f"{kind}_{dataset}": np.array([50.5, 60.25], np.float32)
    for kind in ("val200", "test200_mean", "test200_oneseed", "test12_oneseed")
    for dataset in ("cifar10", "cifar100", "imagenet16")
  },
}
_PAIRS = np.array([[0, 1], [1, 2]] * 4, np.int8)
_DARTS = {
  "genotype": np.stack([_PAIRS, _PAIRS])[None],
  "ops": np.array(["none", "max_pool_3x3", "sep_conv_3x3"]),
  "val_acc98_surrogate": np.array([94.5], np.float32),
  "val_acc50_surrogate": np.array([90.25], np.float32),
}
_NATIVE = types.MappingProxyType(
  {
    "nb101": ("nb101", "nb101_full.npz", _NB101),
    "nb201": ("nb201", "nb201_full.npz", _NB201),
    "nb301": ("darts", "darts_nb301yahpo11221.npz", _DARTS),
  }
)

READERS = [
  Reader(
    "pickle",
    _one("x.pkl", _plain),
    _walked("x.pkl"),
    mutate=mutators.pickled,
    holds=lambda _, length: length < 1 << 26,
  ),
  Reader("pth", _one("x.pth", _torch("modern")), _weights("x.pth"), _small,
         _in_torch),
  Reader("pth (old)", _one("x.pth", _torch("legacy")), _weights("x.pth"),
         _small, tokens=mutators._CODES),
  Reader("safetensors", _one("x.safetensors", _safetensors),
         _weights("x.safetensors"), _small),
  Reader("weights.pkl",
         _one("x.pkl", lambda: pickle.dumps({"conv": [np.eye(2)]})),
         _weights("x.pkl"), _small, mutators.pickled),
  Reader("npz", _plain_npz, lambda folder: files.read_npz(folder / "x.npz"),
         _small, mutators.inside_zip),
  Reader("npz (own)", _saved, lambda folder: files.load_npz(folder / "x.npz"),
         _equal, mutators.inside_zip),
  Reader("cache", _make_cache, _read_cache, _equal, mutators.inside_zip,
         share=0.5),
  Reader("shard", _make_shards, _read_shards, np.array_equal,
         mutators.inside_zip, share=0.3),
  Reader("TFRecord", lambda folder: [
           tfrecord_writer.write(folder / "x.tfrecord", _ROWS)],
         _convert_records, _equal),
  Reader("TFRecord rows", _make_rows, _convert_rows, _valid_columns("nb101"),
         mutators.value),
  Reader("metrics", _one("x.pb", protobuf_writer.run(0.9, 0.8)),
         lambda folder: metrics_proto.parse((folder / "x.pb").read_bytes())),
  Reader("NB301", _make_nb301, _fresh("nb301"), _valid_columns("darts"),
         mutators.value),
  Reader("NATS", _make_nats, _fresh("nb201"), _valid_columns("nb201"),
         mutators.inside_bz2, tokens=mutators._CODES),
  Reader("NASLib", _one("nb201_all.pickle", _naslib), _fresh("nb201"),
         _valid_columns("nb201"), mutators.pickled),
  *(
    Reader(f"table {name}", _table(file, arrays), _fresh(name),
           _valid_columns(space), mutators.inside_zip)
    for name, (space, file, arrays) in _NATIVE.items()
  ),
]  # fmt: skip
