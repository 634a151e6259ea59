"""The primitive operators that nodes of a computation graph have."""

LAYERS = (
  "conv",
  "depthwise_conv",
  "grouped_conv",
  "transposed_conv",
  "linear",
  "matmul",
  "embedding",
)
"""Operators that multiply by weights, or by one another."""

NORMALISATIONS = ("batch_norm", "layer_norm", "group_norm", "instance_norm")

ACTIVATIONS = (
  "relu",
  "relu6",
  "hard_swish",
  "hard_sigmoid",
  "swish",
  "gelu",
  "sigmoid",
  "tanh",
  "leaky_relu",
  "elu",
  "prelu",
  "softmax",
  "activation",
)
"""Non-linear functions; `activation` is any other one of a single number."""

ARITHMETIC = ("add", "sub", "mul", "div")

POOLS = (
  "max_pool",
  "avg_pool",
  "global_avg_pool",
  "global_max_pool",
  "reduce",
)

ARRANGEMENTS = (
  "concat",
  "split",
  "slice",
  "pad",
  "resize",
  "reshape",
  "transpose",
)
"""Operators that move numbers."""

OPERATORS = (
  "input",
  "output",
  *LAYERS,
  *NORMALISATIONS,
  *ACTIVATIONS,
  *ARITHMETIC,
  *POOLS,
  *ARRANGEMENTS,
  "constant",
  "other",
)
"""All of them. `constant` does not depend on an input; `other` is unknown."""

CODES = {name: code for code, name in enumerate(OPERATORS)}
"""The place of each operator in `OPERATORS`."""


def convolution(groups: int, channels_in: int, channels_out: int) -> str:
  """Returns the operator of a convolution.

  Args:
    groups: the groups of its channels.
    channels_in: the channels that it reads, of all groups.
    channels_out: the channels that it writes.

  Returns:
    `conv` for one group, `depthwise_conv` where each group reads one channel,
    else `grouped_conv`.
  """
  if groups == 1:
    return "conv"
  separate = groups == channels_in and channels_out % groups == 0
  return "depthwise_conv" if separate else "grouped_conv"
