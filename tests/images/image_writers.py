"""Writes image sets in their official formats."""

import gzip
import io
import pickle
import struct
import tarfile
import zipfile

import numpy as np


def python2(value):
  """Pickles as Python 2 did (protocol 2, byte strings, numpy 1 names)."""
  return b"\x80\x02" + _python2(value) + b"."


def _python2(value):
  if value is None:
    return b"N"
  if isinstance(value, int):
    return b"J" + struct.pack("<i", value)
  if isinstance(value, (str, bytes)):
    text = value if isinstance(value, bytes) else value.encode("latin1")
    return b"T" + struct.pack("<i", len(text)) + text
  if isinstance(value, dict):
    items = (_python2(x) for pair in value.items() for x in pair)
    return b"}(" + b"".join(items) + b"u"
  if isinstance(value, (list, tuple)):
    items = b"".join(map(_python2, value))
    return b"](" + items + b"e" if type(value) is list else b"(" + items + b"t"
  code = value.dtype.str[1:]
  order = value.dtype.str[0]
  dtype = b"cnumpy\ndtype\n" + _python2((code, 0, 1)) + b"R"
  dtype += _python2((3, order, None, None, None, -1, -1, 0)) + b"b"
  array = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n"
  array += _python2((0,)) + _python2("b") + b"tR"
  shape = _python2(value.shape)
  state = b"(J\1\0\0\0" + shape + dtype + b"J\0\0\0\0"
  return array + state + _python2(value.tobytes()) + b"tb"


def planes(images):
  """`[n, s, s, 3]` to rows of planes `[n, 3 s s]`."""
  return images.transpose(0, 3, 1, 2).reshape(len(images), -1)


def write(files, folder):
  """Writes name -> bytes below a folder, which it returns."""
  for name, content in files.items():
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
  return folder


def tar_gz(files, path):
  with tarfile.open(path, "w:gz") as archive:
    for name, content in files.items():
      member = tarfile.TarInfo(name)
      member.size = len(content)
      archive.addfile(member, io.BytesIO(content))
  return path


def zipped(files, path):
  with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
    for name, content in files.items():
      archive.writestr(name, content)
  return path


def cifar10(images, labels, names):
  """Files of cifar-10-batches-py: five training batches and a test batch."""
  files = {"batches.meta": python2({"label_names": names, "num_vis": 3072})}
  parts = np.array_split(np.arange(len(images)), 6)
  batches = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]
  for name, rows in zip(batches, parts, strict=True):
    batch = {
      "batch_label": name,
      "labels": [int(label) for label in labels[rows]],
      "data": planes(images[rows]),
    }
    files[name] = python2(batch)
  return {f"cifar-10-batches-py/{name}": files[name] for name in files}


def cifar10_binary(images, labels, names):
  files = {"batches.meta.txt": "\n".join(names).encode() + b"\n\n"}
  rows = np.concatenate([labels[:, None].astype("u1"), planes(images)], 1)
  parts = np.array_split(rows, 6)
  batches = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]
  for name, part in zip(batches, parts, strict=True):
    files[f"{name}.bin"] = part.tobytes()
  return {f"cifar-10-batches-bin/{name}": files[name] for name in files}


def cifar100(images, labels, names):
  """Files of cifar-100-python; the last image is the test split."""
  files = {"meta": python2({"fine_label_names": names})}
  for name, rows in (("train", slice(-1)), ("test", slice(-1, None))):
    fine = [int(label) for label in labels[rows]]
    batch = {"fine_labels": fine, "coarse_labels": [0] * len(fine)}
    files[name] = python2({**batch, "data": planes(images[rows])})
  return {f"cifar-100-python/{name}": files[name] for name in files}


def cifar100_binary(images, labels, names):
  coarse = np.full((len(labels), 1), 99, "u1")
  fine = labels[:, None].astype("u1")
  rows = np.concatenate([coarse, fine, planes(images)], 1)
  files = {
    "train.bin": rows[:-1].tobytes(),
    "test.bin": rows[-1:].tobytes(),
    "fine_label_names.txt": "\n".join(names).encode(),
  }
  return {f"cifar-100-binary/{name}": files[name] for name in files}


def imagenet16(images, labels):
  """Ten training batches and `val_data`, as Python 3 pickles them."""
  parts = np.array_split(np.arange(len(images)), 11)
  names = [f"train_data_batch_{number}" for number in range(1, 11)]
  return {
    name: pickle.dumps(
      {
        "data": planes(images[rows]),
        "labels": [int(label) for label in labels[rows]],
        "mean": np.zeros(768),
      }
    )
    for name, rows in zip([*names, "val_data"], parts, strict=True)
  }


def idx(array):
  header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
  return header + array.astype("u1").tobytes()


def mnist(images, labels, suffix=".gz", dash="-"):
  """The four files; the last image is the test split."""
  pack = gzip.compress if suffix else bytes
  return {
    f"{split}-{kind}{dash}idx{array.ndim}-ubyte{suffix}": pack(idx(array[rows]))
    for split, rows in (("train", slice(-1)), ("t10k", slice(-1, None)))
    for kind, array in (("images", images), ("labels", labels))
  }


def png(array, form="PNG", **options):
  """Encodes pixels; lossless by default."""
  from PIL import Image

  stream = io.BytesIO()
  Image.fromarray(array).save(stream, form, **options)
  return stream.getvalue()
