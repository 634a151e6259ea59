"""Builds computation graphs operator by operator.

Conventions, which graphs of all sources share: a convolution has kernel, stride
and dilation, a pool kernel and stride; padding keeps the size, so that stride
`s` divides it by `s`, rounded up. A sum of three is two nodes of two. What
adds zeros is left out; where zeros are all that a node reads they are a
`constant`.
"""

from collections.abc import Sequence

from nasjax.computation.graph import ComputationGraph, Node
from nasjax.computation.operators import convolution


class Builder:
  """Appends operators; every method returns the index of its node."""

  def __init__(self, size: int, channels: int = 3):
    """Begins with an image of `size` x `size` pixels, which is node 0."""
    self._nodes = [Node("input", (size, size, channels))]

  def shape(self, x: int) -> tuple[int, ...]:
    """Shape of the output of a node, channels last."""
    return self._nodes[x].shape

  def _append(self, *args, **fields) -> int:
    self._nodes.append(Node(*args, **fields))
    return len(self._nodes) - 1

  def conv(
    self,
    x: int,
    channels: int,
    size: int,
    stride: int = 1,
    dilation: int = 1,
    groups: int = 1,
    bias: bool = False,
  ) -> int:
    """A convolution with a square kernel."""
    height, width, source = self.shape(x)
    height, width = -(-height // stride), -(-width // stride)
    weights = size * size * (source // groups) * channels
    return self._append(
      convolution(groups, source, channels),
      (height, width, channels),
      (x,),
      (size, size),
      (stride, stride),
      (dilation, dilation),
      groups,
      bias,
      weights + bias * channels,
      weights * height * width,
    )

  def depthwise(
    self, x: int, size: int, stride: int = 1, dilation: int = 1
  ) -> int:
    """A convolution of each channel by itself."""
    channels = self.shape(x)[-1]
    return self.conv(x, channels, size, stride, dilation, channels)

  def norm(self, x: int) -> int:
    """Batch normalisation with scale and offset."""
    shape = self.shape(x)
    return self._append("batch_norm", shape, (x,), params=2 * shape[-1])

  def apply(self, operator: str, *inputs: int) -> int:
    """A pointwise operator, such as `relu`, `add` or `mul`.

    The output has the shape of the first input.
    """
    return self._append(operator, self.shape(inputs[0]), inputs)

  def conv_norm(
    self, x: int, channels: int, size: int, stride: int = 1, groups: int = 1
  ) -> int:
    """Convolution and batch normalisation."""
    return self.norm(self.conv(x, channels, size, stride, groups=groups))

  def conv_norm_act(
    self,
    x: int,
    channels: int,
    size: int,
    stride: int = 1,
    activation: str = "relu",
    groups: int = 1,
  ) -> int:
    """Convolution, batch normalisation, activation."""
    found = self.conv_norm(x, channels, size, stride, groups)
    return self.apply(activation, found)

  def relu_conv_norm(
    self, x: int, channels: int, size: int, stride: int = 1
  ) -> int:
    """ReLU, convolution, batch normalisation."""
    return self.conv_norm(self.apply("relu", x), channels, size, stride)

  def add(self, inputs: Sequence[int]) -> int:
    """Sum of one or more nodes, from the left."""
    total = inputs[0]
    for each in inputs[1:]:
      total = self.apply("add", total, each)
    return total

  def concat(self, inputs: Sequence[int]) -> int:
    """Channels of several nodes side by side; one alone is itself."""
    if len(inputs) == 1:
      return inputs[0]
    shape = self.shape(inputs[0])[:-1]
    channels = sum(self.shape(each)[-1] for each in inputs)
    return self._append("concat", (*shape, channels), tuple(inputs))

  def pool(self, operator: str, x: int, size: int, stride: int = 1) -> int:
    """`max_pool` or `avg_pool` with a square window."""
    height, width, channels = self.shape(x)
    shape = (-(-height // stride), -(-width // stride), channels)
    return self._append(operator, shape, (x,), (size, size), (stride, stride))

  def cut(self, x: int, shape: tuple[int, ...]) -> int:
    """A part of the output of a node; all of it is the node itself."""
    if shape == self.shape(x):
      return x
    return self._append("slice", shape, (x,))

  def zeros(self, shape: tuple[int, ...]) -> int:
    """Zeros, which depend on no input."""
    return self._append("constant", shape)

  def squeeze_excite(
    self, x: int, channels: int, activation: str, gate: str
  ) -> int:
    """Channels scaled by what two layers make of their means.

    Hu et al., "Squeeze-and-Excitation Networks", CVPR 2018.

    Args:
      x: a node.
      channels: width between the two layers.
      activation: after the first one.
      gate: after the second one.
    """
    wide = self.shape(x)[-1]
    mean = self._append("global_avg_pool", (1, 1, wide), (x,))
    narrow = self.conv(mean, channels, 1, bias=True)
    narrow = self.apply(activation, narrow)
    scale = self.apply(gate, self.conv(narrow, wide, 1, bias=True))
    return self.apply("mul", x, scale)

  def inverted_residual(
    self,
    x: int,
    channels: int,
    expansion: int,
    size: int,
    stride: int,
    activation: str,
    squeeze: tuple[int, str, str] | None = None,
  ) -> int:
    """Expansion, depthwise convolution, projection, and a sum if it fits.

    Sandler et al., "MobileNetV2", CVPR 2018, section 3.4.

    Args:
      x: a node.
      channels: channels of the output.
      expansion: factor by which the channels are widened between; 1 leaves the
        first convolution out.
      size: of the depthwise kernel.
      stride: of the depthwise convolution.
      activation: after the first two convolutions.
      squeeze: the arguments of `squeeze_excite`, before the projection.
    """
    source = self.shape(x)[-1]
    wide, inner = source * expansion, x
    if expansion > 1:
      inner = self.conv_norm_act(x, wide, 1, activation=activation)
    inner = self.norm(self.depthwise(inner, size, stride))
    inner = self.apply(activation, inner)
    if squeeze:
      inner = self.squeeze_excite(inner, *squeeze)
    inner = self.conv_norm(inner, channels, 1)
    return self.add([inner, x]) if self.shape(x) == self.shape(inner) else inner

  def global_pool(self, x: int) -> int:
    """The mean of each channel."""
    return self._append("global_avg_pool", self.shape(x)[-1:], (x,))

  def linear(self, x: int, width: int, bias: bool = True) -> int:
    """A linear layer."""
    source = self.shape(x)[-1]
    return self._append(
      "linear",
      (width,),
      (x,),
      bias=bias,
      params=(source + bias) * width,
      macs=source * width,
    )

  def classify(self, x: int, classes: int, name: str = "") -> ComputationGraph:
    """Ends the network: global average pooling and a linear layer."""
    return self.finish(self.linear(self.global_pool(x), classes), name)

  def finish(self, x: int, name: str = "") -> ComputationGraph:
    """Ends the network with what node `x` returns."""
    self._append("output", self.shape(x), (x,))
    return ComputationGraph(tuple(self._nodes), name)
