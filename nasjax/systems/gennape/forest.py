"""Regression trees as arrays, and what they predict.

Dimensions: `n` rows, `P` features, `T` trees, `V` nodes of all trees.
"""

from typing import Any, NamedTuple

import numpy as np

_CHUNK = 512


class Forest(NamedTuple):
  """Trees one behind the other; a leaf leads to itself.

  Attributes:
    feature: what a node compares, `[V]`; 0 on leaves.
    threshold: a row goes left where its feature is at most that, `[V]`.
    left: the next node, counted from the root of the tree, `[V]`.
    right: `[V]`.
    value: prediction of a leaf, `[V]`.
    roots: first node of each tree, `[T]`.
    depth: edges to the deepest leaf.
  """

  feature: np.ndarray
  threshold: np.ndarray
  left: np.ndarray
  right: np.ndarray
  value: np.ndarray
  roots: np.ndarray
  depth: int

  def predict(self, features: np.ndarray) -> np.ndarray:
    """Means over all trees, `[n]` float64, for features `[n, P]`."""
    features = np.asarray(features, np.float32)
    parts = [
      self._predict(features[start : start + _CHUNK])
      for start in range(0, len(features), _CHUNK)
    ]
    return np.concatenate([np.zeros(0), *parts])

  def _predict(self, features: np.ndarray) -> np.ndarray:
    rows = np.arange(len(features))[:, None]
    roots = self.roots.astype(np.int64)[None]
    node = np.repeat(roots, len(features), axis=0)
    for _ in range(self.depth):
      goes_left = features[rows, self.feature[node]] <= self.threshold[node]
      step = np.where(goes_left, self.left[node], self.right[node])
      node = roots + step
    return self.value[node].astype(np.float64).mean(axis=1)


def from_sklearn(estimators: Any) -> Forest:
  """Takes over the trees of a fitted forest of scikit-learn."""
  trees = [each.tree_ for each in estimators]
  sizes = [tree.node_count for tree in trees]
  parts = {"feature": [], "threshold": [], "left": [], "right": [], "value": []}
  for tree in trees:
    own = np.arange(tree.node_count)
    is_leaf = tree.children_left < 0
    parts["feature"].append(np.where(is_leaf, 0, tree.feature))
    parts["threshold"].append(np.where(is_leaf, 0, tree.threshold))
    parts["left"].append(np.where(is_leaf, own, tree.children_left))
    parts["right"].append(np.where(is_leaf, own, tree.children_right))
    parts["value"].append(np.where(is_leaf, tree.value[:, 0, 0], 0))
  types = {
    "feature": np.uint8,
    "threshold": np.float32,
    "left": np.uint16,
    "right": np.uint16,
    "value": np.float16,
  }
  arrays = {
    name: np.concatenate(parts[name]).astype(types[name]) for name in types
  }
  roots = np.cumsum([0, *sizes[:-1]]).astype(np.int32)
  return Forest(**arrays, roots=roots, depth=max(t.max_depth for t in trees))
