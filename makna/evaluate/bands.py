"""Words for scores of marks, by the bands of a published study, and where these bands disagree."""

from __future__ import annotations

from makna.core.metrics import higher_is_better

SCALE = (0.0, 5.0)
"""The marks that the bands are meant for."""
BANDS: dict[str, tuple[tuple[float, str], ...]] = {
    "mae": ((0.2, "very_good"), (0.4, "good")),
    "mse": ((0.05, "very_good"), (0.1, "fair")),
    "rmse": ((0.3, "very_good"), (0.5, "good")),
    "pearson": ((0.8, "very_good"), (0.6, "good"), (0.4, "acceptable")),
}
"""Metric → its bounds with their words, the best first. An error is below its bound; a correlation at least as high."""
POOR = "poor"


def band_of(metric: str, value: float) -> str | None:
    """Return the band that a score falls in, None for a metric without bands.

    Parameters
    ----------
    metric : str
        Name of the metric.
    value : float
        Its value, of marks from 0 to 5.

    Notes
    -----
    The bands of a thesis on scoring essays (study 003, section 1.2). They disagree with one another: an RMSE of .3,
    still very good, is an MSE of .09, which is no longer; an RMSE just below .5 is good and its MSE of .25 beyond all
    bands. On a scale from 0 to 5 they are severe: two teachers who mark the same answers seldom come as close.

    Examples
    --------
    >>> band_of("rmse", 0.29), band_of("mse", 0.29**2), band_of("pearson", 0.6), band_of("qwk", 0.9)
    ('very_good', 'fair', 'good', None)
    """
    if metric not in BANDS:
        return None
    for bound, word in BANDS[metric]:
        if value >= bound if higher_is_better(metric) else value < bound:
            return word
    return POOR
