"""Genotypes in, scores out: whole spaces in one XLA call."""

from nasjax.scoring.compiled import make_score_fn
from nasjax.scoring.score import score

__all__ = ["make_score_fn", "score"]
