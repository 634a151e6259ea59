"""What an operator is, and the operators that come with nasjax."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Operator:
  """One operator: what it is, its numeric detail, and how people call it.

  Attributes:
    name: unique name, in the style of the DARTS primitives.
    kind: `input`, `output`, `none`, `skip`, `conv`, `pool` or `linear`.
    kernel: (height, width) of the kernel or window; 0 where there is none.
    stride: stride; 0 where it has no meaning.
    padding: padding of each side, in pixels.
    dilation: dilation of a convolution; 0 where it has no meaning.
    depthwise: whether the convolution has one group per channel.
    repeats: how often the convolution is applied in a row.
    pool: `max`, `avg`, or empty.
    hidden: hidden width of a fully connected operator, else 0.
    short: a short sentence, as TG-NAS gives to its sentence encoder.
    medium: a longer one, which names what follows a convolution.
    long: a whole sentence.
    sentence: one description for all three lengths, where they are empty.
  """

  name: str
  kind: str
  kernel: tuple[int, int] = (0, 0)
  stride: int = 0
  padding: int = 0
  dilation: int = 0
  depthwise: bool = False
  repeats: int = 0
  pool: str = ""
  hidden: int = 0
  short: str = ""
  medium: str = ""
  long: str = ""
  sentence: str = ""


def conv(
  name: str,
  size: int,
  *,
  dilation: int = 1,
  depthwise: bool = False,
  repeats: int = 1,
) -> Operator:
  """A square convolution; it is described by its kind and its size."""
  words = "convolution"
  if dilation > 1:
    words = "dilated convolution"
  elif depthwise:
    words = "depth-wise separable convolution"
  square = f"{size} by {size}"
  return Operator(
    name,
    "conv",
    kernel=(size, size),
    stride=1,
    padding=dilation * (size - 1) // 2,
    dilation=dilation,
    depthwise=depthwise,
    repeats=repeats,
    short=f"{words} {square}",
    medium=f"{words} with a {square} kernel, batch normalization and ReLU",
    long=f"An operator that applies a two-dimensional {words} with kernels of "
    f"{square} pixels, then normalizes the batch, then rectifies the result",
  )


def pool(name: str, size: int, kind: str) -> Operator:
  """A square pooling of kind `max` or `avg`."""
  words, result = {"max": ("max", "maximum"), "avg": ("average", "mean")}[kind]
  square = f"{size} by {size}"
  return Operator(
    name,
    "pool",
    kernel=(size, size),
    stride=1,
    padding=(size - 1) // 2,
    pool=kind,
    short=f"{words} pooling {square}",
    medium=f"{words} pooling over a {square} window",
    long=f"A {words} pooling operator that takes the {result} of every window "
    f"of {square} pixels",
  )


BUILT_IN: tuple[Operator, ...] = (
  Operator(
    "input",
    "input",
    short="input",
    medium="input of the cell",
    long="An input operator that hands the features of earlier layers to the "
    "cell",
  ),
  Operator(
    "output",
    "output",
    short="output",
    medium="output of the cell",
    long="An output operator that collects the features that leave the cell",
  ),
  Operator(
    "none",
    "none",
    short="none",
    medium="no operation, nothing is passed on",
    long="A none operator that passes nothing on to the next layer",
  ),
  Operator(
    "skip_connect",
    "skip",
    short="residual connection",
    medium="identity, a shortcut to the next layer",
    long="A residual connection that passes its input on to the next layer as "
    "it is",
  ),
  conv("conv_1x1", 1),
  conv("conv_3x3", 3),
  pool("max_pool_3x3", 3, "max"),
  pool("avg_pool_3x3", 3, "avg"),
  conv("sep_conv_3x3", 3, depthwise=True, repeats=2),
  conv("sep_conv_5x5", 5, depthwise=True, repeats=2),
  conv("dil_conv_3x3", 3, dilation=2, depthwise=True),
  conv("dil_conv_5x5", 5, dilation=2, depthwise=True),
)
"""In the order of their ids, which never change."""
