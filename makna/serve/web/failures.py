"""What an error of the store means over HTTP."""

from __future__ import annotations

from makna.core.errors import UserError

_STATUS = {
    "label.store_not_allowed": 403,
    "label.store_project_gone": 404,
    "label.store_no_person": 404,
    "serve.site_no_page": 404,
    "label.store_item_gone": 410,
    "label.store_labels_changed": 409,
    "label.store_fails": 503,
}
_ELSE = 422


def status_of(problem: UserError) -> int:
    """Return the HTTP status that an error is answered with."""
    return _STATUS.get(problem.key, _ELSE)
