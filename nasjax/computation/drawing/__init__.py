"""Pictures of computation graphs."""

from nasjax.computation.drawing.svg import draw

__all__ = ["draw"]
