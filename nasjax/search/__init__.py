"""Search strategies that ask for scores and never see their source."""

from nasjax.search.base import Strategy, sample_distinct
from nasjax.search.registry import get_strategy, strategy_names
from nasjax.search.run import (
  Result,
  evaluate_top_k,
  function_keys,
  regret,
  regret_curve,
  run,
  top_k,
)
from nasjax.search.state import History, State, load, save
from nasjax.search.subset import Subset

__all__ = [
  "History",
  "Result",
  "State",
  "Strategy",
  "Subset",
  "evaluate_top_k",
  "function_keys",
  "get_strategy",
  "load",
  "regret",
  "regret_curve",
  "run",
  "sample_distinct",
  "save",
  "strategy_names",
  "top_k",
]
