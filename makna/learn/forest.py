"""Random forests, saved as arrays of nodes."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.tree._tree import Tree
from sklearn.utils.validation import column_or_1d

from makna.core.portable import Parts, Portable
from makna.learn.fitting import fitting
from makna.learn.settings import Count, Positive, Seed

Share = Annotated[float, Field(gt=0, le=1)]
MaxFeatures = Literal["sqrt", "log2"] | Share
ForestWeight = Literal["balanced", "balanced_subsample"] | dict[str, Positive] | None
_LEAF = -1


class _Forest(Portable):
    _json: ClassVar[tuple[str, ...]] = ("classes_", "n_classes_", "n_outputs_", "n_features_in_", "feature_names_in_")

    def to_parts(self) -> Parts:
        """Return the parts; the nodes of all trees stand one after another."""
        parts = super().to_parts()
        trees = [tree.tree_.__getstate__() for tree in getattr(self, "estimators_", [])]
        if trees:
            parts.state["depths"] = [int(tree["max_depth"]) for tree in trees]
            parts.state["sizes"] = [int(tree["node_count"]) for tree in trees]
            nodes = np.concatenate([tree["nodes"] for tree in trees])
            assert nodes.dtype.names is not None
            parts.tensors = {f"node.{name}": np.ascontiguousarray(nodes[name]) for name in nodes.dtype.names}
            parts.tensors["values"] = np.concatenate([tree["values"] for tree in trees])
        return parts

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Rebuild the forest, refusing nodes that lead in circles or out of the tree.

        Raises
        ------
        ValueError
            The nodes are no trees.
        """
        made: Any = super().from_parts(parts)
        if "sizes" not in parts.state:
            return made
        ends = np.cumsum(parts.state["sizes"])
        made.estimator_ = made.estimator
        made.estimators_ = [
            _tree(made, parts, slice(end - size, end), depth)
            for end, size, depth in zip(ends, parts.state["sizes"], parts.state["depths"], strict=True)
        ]
        return made

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.target_tags.multi_output = False
        if tags.classifier_tags is not None:
            tags.classifier_tags.multi_label = False
        return tags


class Forest(_Forest, RandomForestClassifier):
    """Random forest of classification trees (Breiman 2001); probabilities are means over trees.

    Parameters
    ----------
    n_estimators : int
        Number of trees.
    max_depth : int or None
        Deepest tree; None for no limit.
    min_samples_leaf : int
        Fewest training rows in a leaf.
    max_features : {"sqrt", "log2"} or float
        Features tried at each split; a number is their share.
    class_weight : "balanced", "balanced_subsample", dict of float, or None
        Weight of each class.
    random_state : int or None
        Seed of the samples of rows and features.
    """

    def __init__(
        self,
        n_estimators: Count = 200,
        max_depth: Count | None = None,
        min_samples_leaf: Count = 1,
        max_features: MaxFeatures = "sqrt",
        class_weight: ForestWeight = None,
        random_state: Seed = 0,
    ) -> None:
        super().__init__(
            n_estimators=n_estimators,
            max_depth=max_depth,
            min_samples_leaf=min_samples_leaf,
            max_features=max_features,
            class_weight=class_weight,
            random_state=random_state,
        )

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit on rows of features, shape (n, features), and classes, shape (n,)."""
        with fitting(self, y if y is None else column_or_1d(y, warn=True)) as target:
            super().fit(X, target, sample_weight)
        return self


class ForestRegressor(_Forest, RandomForestRegressor):
    """Random forest of regression trees (Breiman 2001); a prediction is the mean over trees.

    Parameters
    ----------
    n_estimators : int
        Number of trees.
    max_depth : int or None
        Deepest tree; None for no limit.
    min_samples_leaf : int
        Fewest training rows in a leaf.
    max_features : {"sqrt", "log2"} or float
        Features tried at each split; a number is their share.
    random_state : int or None
        Seed of the samples of rows and features.
    """

    def __init__(
        self,
        n_estimators: Count = 200,
        max_depth: Count | None = None,
        min_samples_leaf: Count = 1,
        max_features: MaxFeatures = 1.0,
        random_state: Seed = 0,
    ) -> None:
        super().__init__(
            n_estimators=n_estimators,
            max_depth=max_depth,
            min_samples_leaf=min_samples_leaf,
            max_features=max_features,
            random_state=random_state,
        )

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit on rows of features, shape (n, features), and numbers, shape (n,)."""
        super().fit(X, y if y is None else column_or_1d(y, warn=True), sample_weight)
        return self


def _tree(forest: Any, parts: Parts, rows: slice, depth: int) -> Any:
    """Rebuild one tree; scikit-learn follows its nodes without a check, so they are checked here."""
    classes = getattr(forest, "n_classes_", 1)
    bare = Tree(forest.n_features_in_, np.array([classes], dtype=np.intp), 1)
    state = bare.__getstate__()
    nodes = np.zeros(rows.stop - rows.start, dtype=state["nodes"].dtype)
    for name in nodes.dtype.names or ():
        nodes[name] = parts.tensors[f"node.{name}"][rows]
    _check_nodes(nodes, forest.n_features_in_)
    values = np.ascontiguousarray(parts.tensors["values"][rows])
    bare.__setstate__({"max_depth": depth, "node_count": len(nodes), "nodes": nodes, "values": values})
    tree = clone(forest.estimator)
    tree.n_features_in_, tree.n_outputs_ = forest.n_features_in_, 1
    tree.n_classes_, tree.classes_ = classes, np.arange(classes)
    tree.tree_ = bare
    return tree


def _check_nodes(nodes: np.ndarray, features: int) -> None:
    place = np.arange(len(nodes))
    is_leaf = nodes["left_child"] == _LEAF
    children = np.stack([nodes["left_child"], nodes["right_child"]])[:, ~is_leaf]
    tried = nodes["feature"][~is_leaf]
    inside = (children > place[~is_leaf]) & (children < len(nodes))
    if not (len(nodes) and inside.all() and (tried >= 0).all() and (tried < features).all()):
        raise ValueError("the nodes are no trees")
