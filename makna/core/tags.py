"""What estimators of texts tell scikit-learn of themselves."""

from __future__ import annotations

from typing import Any


class TakesTexts:
    """An estimator whose X is texts, or pairs of texts, and no matrix; stands before scikit-learn's own bases."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags
