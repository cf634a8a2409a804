"""Features brought to one scale."""

from __future__ import annotations

from typing import ClassVar

from sklearn.preprocessing import StandardScaler

from makna.core.portable import Portable


class Standardise(Portable, StandardScaler):
    """Bring each feature to mean 0 and standard deviation 1 over the training rows.

    Parameters
    ----------
    with_mean : bool
        Subtract the mean; must be off for sparse features, such as counts.

    Examples
    --------
    >>> Standardise().fit_transform([[1.0], [3.0]]).tolist()
    [[-1.0], [1.0]]
    """

    _json: ClassVar[tuple[str, ...]] = ("n_features_in_", "feature_names_in_")
    _tensors: ClassVar[tuple[str, ...]] = ("mean_", "var_", "scale_", "n_samples_seen_")

    def __init__(self, with_mean: bool = True) -> None:
        super().__init__(with_mean=with_mean)
