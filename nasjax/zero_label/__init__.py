"""Ranking a space without one label from it.

`rank` joins a predictor that was learnt in another space with scores of
untrained networks.
"""

from nasjax.zero_label.normal import normal_scores
from nasjax.zero_label.ranking import Ranking, describe, rank, scorer

__all__ = ["Ranking", "describe", "normal_scores", "rank", "scorer"]
