"""nasjax: neural-architecture performance predictors and search in JAX.

Dimensions used throughout: `B` or `n` architectures, `G` integers of a
genotype, `N` cell nodes, `T = 2N + 1` training-graph nodes, `O` operators, `M`
numeric operation features, `K` model width, `S` seeds, `R` ensemble members.
"""

import importlib
from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
  "Benchmark": "nasjax.benchmarks.base",
  "ChoiceSpace": "nasjax.spaces.choices",
  "DatasetPredictor": "nasjax.predictors.dataset_predictor",
  "Embedder": "nasjax.systems.arch2vec.embedder",
  "Operator": "nasjax.operators.built_in",
  "Predictor": "nasjax.predictors.predictor",
  "Space": "nasjax.spaces.base",
  "Suggester": "nasjax.search.suggestions",
  "UserError": "nasjax.errors",
  "export": "nasjax.predictors.exporting",
  "get_benchmark": "nasjax.benchmarks.registry",
  "get_space": "nasjax.spaces.registry",
  "get_strategy": "nasjax.search",
  "rank": "nasjax.predictors.network_ranking",
  "register_space": "nasjax.spaces.registry",
  "suggest": "nasjax.search.suggestions",
}

_MODULES = {
  "integrations": "nasjax.integrations",
  "sklearn": "nasjax.integrations.sklearn",
}

# Without the modules, which need extras: `from nasjax import *` works.
__all__ = ["__version__", *_PUBLIC]


def __getattr__(name: str) -> Any:
  """Imports a public name or module when it is first used."""
  if name in _MODULES:
    return importlib.import_module(_MODULES[name])
  if name not in _PUBLIC:
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
  return getattr(importlib.import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
  return sorted([*__all__, *_MODULES])
