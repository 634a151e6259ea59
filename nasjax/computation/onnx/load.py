"""ONNX files as checked lists of operators.

Nothing of a file is executed, and the numbers of its weights are not read.
"""

import dataclasses
import functools
import math
import os
import pathlib
from collections.abc import Iterator

import onnx
from google.protobuf import message
from onnx import inliner

from nasjax import errors, files, foreign
from nasjax.computation.onnx import wire

MAX_NODES = 50_000
"""Operators of a network that is read."""

MAX_AXES = 64
MAX_EXTENT = 1 << 31
MAX_NUMBERS = 1 << 44  # of one array: 64 TiB of float32
MIN_OPSET = 7
_ADVICE = "export the model again"
_TORCH = (".pt", ".pth", ".safetensors")
_NOT_TORCH = "write the network with torch.onnx.export"


@dataclasses.dataclass(frozen=True)
class Model:
  """The operators of a file, each behind those whose outputs it reads.

  Attributes:
    name: the file, as messages name it.
    nodes: the operators.
    initialisers: headers of the arrays of the file, by name.
    inputs: what the network is given.
    outputs: what it returns.
    declared: shapes that the file states, by the name of an array.
    opsets: version of the operators of each domain.
  """

  name: str
  nodes: list[onnx.NodeProto]
  initialisers: dict[str, onnx.TensorProto]
  inputs: list[onnx.ValueInfoProto]
  outputs: list[onnx.ValueInfoProto]
  declared: dict[str, onnx.ValueInfoProto]
  opsets: dict[str, int]


def read(path: files.PathLike) -> Model:
  """Reads and checks an ONNX file.

  Args:
    path: the file. External weights lie in its folder, and are not read.

  Raises:
    UserError: it is missing or damaged, has control flow, no operator or more
      than `MAX_NODES`, a circle, an older operator set than 7, or external
      weights that are missing or outside its folder.
  """
  path = files.expand(path)
  advice = _NOT_TORCH if path.suffix in _TORCH else _ADVICE
  with foreign.reading(path, "an ONNX model", advice):
    with open(path, "rb") as file:
      proto = _parsed(file, os.fstat(file.fileno()).st_size)
    try:
      return _checked(_inlined(proto), path)
    except errors.UserError as error:
      raise errors.UserError(f"{foreign.name_of(path)}: {error}") from error


def _parsed(file, size: int) -> onnx.ModelProto:
  try:
    proto = wire.read(file, size)
  except message.DecodeError as error:
    raise ValueError("its fields are not those of ONNX") from error
  if not proto.HasField("graph") or not proto.opset_import:
    raise ValueError("no graph, or no version of its operators")
  return proto


def _inlined(proto: onnx.ModelProto) -> onnx.ModelProto:
  """Replaces the functions that a file defines by their operators."""
  for body in (proto.graph, *proto.functions):
    for node in body.node:
      _check_control_flow(node)
  if not proto.functions:
    _check_count(len(proto.graph.node))
    return proto
  bodies = {(f.domain, f.name): f.node for f in proto.functions}

  @functools.cache
  def size(key: tuple[str, str], depth: int = 0) -> int:
    if key not in bodies:
      return 1
    if depth > len(bodies):
      raise ValueError(f"function {key[1][:40]!r} calls itself")
    return sum(size((n.domain, n.op_type), depth + 1) for n in bodies[key])

  _check_count(sum(size((n.domain, n.op_type)) for n in proto.graph.node))
  return inliner.inline_local_functions(proto)


def _check_count(count: int) -> None:
  if not count:
    raise ValueError("it has no operator")
  if count > MAX_NODES:
    raise ValueError(
      f"{count} operators: expected at most {MAX_NODES}, as of one network"
    )


def _checked(proto: onnx.ModelProto, path: pathlib.Path) -> Model:
  graph = proto.graph
  opsets = {each.domain: each.version for each in proto.opset_import}
  version = opsets.get("", opsets.get("ai.onnx", 0))
  if 0 < version < MIN_OPSET:
    raise ValueError(f"operator set {version}: expected at least {MIN_OPSET}")
  stored = {each.name: each for each in graph.initializer}
  for each in _tensors(graph):
    _check_tensor(each, path.parent)
  for each in graph.sparse_initializer:
    stored[each.values.name] = onnx.TensorProto(
      name=each.values.name,
      dims=each.dims,
      data_type=each.values.data_type,
    )
  if not graph.output:
    raise ValueError("it has no output")
  inputs = [each for each in graph.input if each.name not in stored]
  known = {*stored, *(each.name for each in inputs)}
  return Model(
    foreign.name_of(path),
    _ordered(list(graph.node), known),
    stored,
    inputs,
    list(graph.output),
    {each.name: each for each in [*graph.value_info, *graph.output]},
    {"": version, **opsets},
  )


def _tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
  yield from graph.initializer
  for each in graph.sparse_initializer:
    yield each.values
  for node in graph.node:
    for attribute in node.attribute:
      if attribute.HasField("t"):
        yield attribute.t


def _check_control_flow(node: onnx.NodeProto) -> None:
  if any(each.HasField("g") or each.graphs for each in node.attribute):
    raise errors.UserError(
      f"control flow: operator {node.op_type[:40]} {errors.quote(node.name)} "
      "chooses or repeats a part of the network as it runs; export the model "
      "for fixed shapes, without conditions and loops"
    )


def _check_tensor(tensor: onnx.TensorProto, folder: pathlib.Path) -> None:
  """Checks the header of an array, and where it lies."""
  dims = list(tensor.dims)
  if (
    len(dims) > MAX_AXES
    or not all(0 <= extent < MAX_EXTENT for extent in dims)
    or math.prod(dims) > MAX_NUMBERS
  ):
    raise ValueError(f"array {tensor.name[:40]!r} of the shape {dims[:6]}")
  if tensor.data_location == tensor.EXTERNAL:
    _check_external(tensor, folder)
  elif tensor.raw_data:
    wire.check_size(tensor, len(tensor.raw_data))


def _check_external(tensor: onnx.TensorProto, folder: pathlib.Path) -> None:
  entries = {each.key: each.value for each in tensor.external_data}
  location = entries.get("location", "")
  whole = (folder / location).resolve()
  name = tensor.name[:40]
  if not location or not whole.is_relative_to(folder.resolve()):
    raise errors.UserError(
      f"external weights {name!r}: expected a file in the folder of the model, "
      f"got {errors.quote(location)}; save the model with its weights beside it"
    )
  foreign.check_regular(whole)
  if not whole.is_file():
    raise errors.UserError(
      f"external weights {name!r}: no such file {errors.quote(location)} in "
      "the folder of the model; copy it there"
    )
  begin, length = (
    foreign.whole(entries.get(key, "0")) for key in ("offset", "length")
  )
  if min(begin, length) < 0 or begin + length > whole.stat().st_size:
    raise errors.UserError(
      f"external weights {name!r}: expected {begin + length} bytes in "
      f"{errors.quote(location)}, which has {whole.stat().st_size}; copy it "
      "again"
    )


def _ordered(
  nodes: list[onnx.NodeProto], known: set[str]
) -> list[onnx.NodeProto]:
  """Sorts operators along their edges, and keeps their order otherwise."""
  makers: dict[str, int] = {}
  for index, node in enumerate(nodes):
    for name in filter(None, node.output):
      if name in makers or name in known:
        raise ValueError(f"two operators make {name[:40]!r}")
      makers[name] = index
  readers: list[list[int]] = [[] for _ in nodes]
  waiting = [0] * len(nodes)
  for index, node in enumerate(nodes):
    for name in {*filter(None, node.input)} - known:
      if name not in makers:
        raise ValueError(f"nothing makes {name[:40]!r}, which is read")
      readers[makers[name]].append(index)
      waiting[index] += 1
  ready = [index for index, count in enumerate(waiting) if not count]
  order: list[int] = []
  while ready:
    ready, former = [], ready
    for index in former:
      order.append(index)
      for reader in readers[index]:
        waiting[reader] -= 1
        if not waiting[reader]:
          ready.append(reader)
  if len(order) < len(nodes):
    raise ValueError("its operators form a circle")
  return [nodes[index] for index in order]
