"""Networks of any kind as graphs of primitive operators."""

from nasjax.computation.equality import difference, fingerprint, same
from nasjax.computation.graph import ComputationGraph, Node

__all__ = ["ComputationGraph", "Node", "difference", "fingerprint", "same"]
