"""Published numbers, each with its source. Nothing here was measured here.

Rank correlations are Kendall's tau as printed; the papers' test sets hold the
training cells (`all`) where they say what they test on.
"""

WANG = (
  "Wang et al., An Architecture-Enhanced Performance Predictor for "
  "Transformer-Based NAS, Chinese Journal of Computers, 2024"
)

_NB101 = (100, 172, 424, 4236)
_NB201 = (78, 156, 469, 1563)
_NB301 = (100, 500, 1000, 10_000)

TABLE3 = {
  "nb101": {
    "mlp": dict(zip(_NB101, (0.284, 0.356, 0.373, 0.415), strict=True)),
    "neural_predictor": dict(
      zip(_NB101, (0.480, 0.615, 0.624, 0.732), strict=True)
    ),
    "NAO": dict(zip(_NB101, (0.501, 0.493, 0.704, 0.775), strict=True)),
    "D-VAE": dict(zip(_NB101, (0.530, 0.549, 0.626, 0.698), strict=True)),
    "tnasp": dict(zip(_NB101, (0.549, 0.597, 0.683, 0.757), strict=True)),
    "paper_mlp": dict(zip(_NB101, (0.536, 0.603, 0.678, 0.733), strict=True)),
    "paper": dict(zip(_NB101, (0.635, 0.686, 0.728, 0.787), strict=True)),
  },
  "nb201": {
    "mlp": dict(zip(_NB201, (0.446, 0.450, 0.509, 0.520), strict=True)),
    "NAO": dict(zip(_NB201, (0.467, 0.493, 0.470, 0.526), strict=True)),
    "neural_predictor": dict(
      zip(_NB201, (0.343, 0.413, 0.584, 0.646), strict=True)
    ),
    "tnasp": dict(zip(_NB201, (0.532, 0.589, 0.706, 0.787), strict=True)),
    "pinat": dict(zip(_NB201, (0.571, 0.642, 0.707, 0.792), strict=True)),
    "paper_mlp": dict(zip(_NB201, (0.557, 0.602, 0.725, 0.788), strict=True)),
    "paper": dict(zip(_NB201, (0.623, 0.647, 0.730, 0.799), strict=True)),
  },
  "nb301": {
    "mlp": dict(zip(_NB301, (0.346, 0.538, 0.561, 0.586), strict=True)),
    "neural_predictor": dict(
      zip(_NB301, (0.520, 0.621, 0.656, 0.675), strict=True)
    ),
    "gmae": dict(zip(_NB301, (0.599, 0.653, 0.657, 0.681), strict=True)),
    "tnasp": dict(zip(_NB301, (0.521, 0.736, 0.786, 0.877), strict=True)),
    "paper": dict(zip(_NB301, (0.655, 0.801, 0.849, 0.887), strict=True)),
  },
}
"""Table 3 of WANG: benchmark -> method -> size -> tau, CIFAR-10."""

TABLE5 = {
  "cosine": {
    "paper_mlp": {78: 0.297, 156: 0.318, 781: 0.333, 1563: 0.295},
    "paper": {78: 0.356, 156: 0.350, 781: 0.354, 1563: 0.361},
  },
  "rv": {
    "paper_mlp": {78: 0.421, 156: 0.444, 781: 0.435, 1563: 0.424},
    "paper": {78: 0.442, 156: 0.445, 781: 0.441, 1563: 0.437},
  },
}
"""Table 5 of WANG: coefficient -> method -> size -> value, NB201."""

TABLE4 = {
  "cifar10": {
    "ENAS": 54.3,
    "EPE-NAS": 91.31,
    "STEN": 87.64,
    "PC-DARTS": 93.66,
    "paper": 94.36,
  },
  "cifar100": {
    "ENAS": 15.61,
    "EPE-NAS": 69.58,
    "STEN": 59.09,
    "PC-DARTS": 66.64,
    "paper, trained on cifar10": 73.51,
  },
}
"""Table 4 of WANG: data set -> method -> test accuracy of the found cell,
NB201. How many labels and evaluations stand behind them is not stated."""

TABLE4_SIZE = 156
"""The size beside which table 4 is shown."""

TRAINING_GRAPH = {"paper_inference": 0.764, "paper": 0.801}
"""Section 4.3 of WANG; benchmark and sample size are not stated there."""

BEST = {
  "nb101": {
    100: (0.717, "PINAT with BCE"),
    172: (0.765, "NN-Former"),
    424: (0.812, "PINAT with BCE"),
    4236: (0.877, "NN-Former"),
  },
  "nb201": {
    78: (0.677, "HyperNAS"),
    156: (0.804, "NN-Former"),
    469: (0.836, "HyperNAS"),
    781: (0.761, "PINAT"),
    1563: (0.890, "NN-Former"),
  },
  "nb301": {
    100: (0.655, "Wang et al."),
    500: (0.801, "Wang et al."),
    1000: (0.849, "Wang et al."),
    10_000: (0.887, "Wang et al."),
  },
}
"""Best published tau by benchmark and size, CIFAR-10, each its own protocol."""

TARGETS = {
  "nb101": {100: 0.74, 172: 0.785, 424: 0.83, 4236: 0.885},
  "nb201": {78: 0.80, 156: 0.835, 469: 0.868, 781: 0.878, 1563: 0.887},
  "nb301": {100: 0.68, 500: 0.81, 1000: 0.86, 10_000: 0.90},
}
"""What the default predictor aims at: tau by benchmark and size, CIFAR-10."""

FEW_TRAININGS = {
  ("nb201", "cifar10"): {"CARL": {150: 94.23}},
  ("nb201", "imagenet16"): {"CARL": {80: 47.31}},
}
"""Benchmark, data set -> method -> trainings -> test accuracy that was found.
Which label CARL searched is not stated beside these numbers."""

TAUS = ("tau_rest", "tau_all")


def shown(
  name: str, benchmark: str, dataset: str, metric: str
) -> dict[str, dict[int, float]]:
  """Returns the published values of a table: method -> size -> value.

  Args:
    name: the table or figure; only `table3` has methods that are not measured.
    benchmark: benchmark of the labels.
    dataset: data set of the labels.
    metric: name of the metric.
  """
  if metric == "found_top10":
    found = TABLE4.get(dataset, {}) if benchmark == "nb201" else {}
    return {method: {TABLE4_SIZE: value} for method, value in found.items()}
  if dataset != "cifar10":
    return {}
  if metric in TAUS:
    tabled = TABLE3.get(benchmark, {})
    measured = ("paper", "paper_mlp")
    return {
      method: values
      for method, values in tabled.items()
      if name == "table3" or method in measured
    }
  return TABLE5.get(metric, {}) if benchmark == "nb201" else {}


def lookup(
  benchmark: str, dataset: str, method: str, size: int, metric: str
) -> float | None:
  """Returns a published value, or None where none was published."""
  values = shown("table3", benchmark, dataset, metric)
  return values.get(method, {}).get(size)


def few_trainings(
  benchmark: str, dataset: str, metric: str
) -> dict[str, dict[int, float]]:
  """Returns published accuracies: method -> trainings -> test accuracy.

  They stand beside the metric `best`; other metrics have none.
  """
  if metric != "best":
    return {}
  return FEW_TRAININGS.get((benchmark, dataset), {})


TGNAS = (
  "Qiao et al., TG-NAS: Leveraging Zero-Cost Proxies with Transformer and "
  "Graph Convolution Networks for Efficient Neural Architecture Search, 2024"
)
TGNAS_TABLE4 = {
  "µNAS": (7.78, 0.073, 552, 86.49, 58.30, 27.80),
  "DARTS": (82.49, 0.587, 3.02, 88.32, 67.78, 34.60),
  "GDAS": (117.88, 0.83, 8.03, 93.36, 69.64, 38.87),
  "KNAS": (153.27, 1.073, 2.44, 93.43, 71.05, 45.05),
  "NASWOT": (86.43, 0.615, 0.09, 92.96, 69.70, 44.47),
  "TE-NAS": (188.66, 1.317, 0.43, 93.78, 70.44, 41.40),
  "TG-NAS": (113.95, 0.802, 0.01, 93.75, 70.64, 44.97),
  "best of the table": (153.27, 1.073, None, 94.37, 73.22, 46.71),
}
"""Table 4 of TGNAS, NAS-Bench-201: method -> FLOPs in millions, parameters in
millions, hours of a GPU, test accuracies on CIFAR-10, CIFAR-100 and
ImageNet16-120."""
