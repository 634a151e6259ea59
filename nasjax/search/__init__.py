"""Search strategies that ask for scores and never see their source."""

from nasjax.search.base import Strategy, sample_distinct
from nasjax.search.registry import get_strategy, strategy_names
from nasjax.search.run import (
  Result,
  evaluate_top_k,
  regret,
  regret_curve,
  run,
  top_k,
)
from nasjax.search.state import History, State, load, save

__all__ = [
  "History",
  "Result",
  "State",
  "Strategy",
  "evaluate_top_k",
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
