"""Files in and out: tables of items, and what was said of them."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from fastapi import APIRouter, Request
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.responses import FileResponse, Response

from makna.collect.names import listed
from makna.core.errors import UserError
from makna.label.store.exchange import ItemColumns
from makna.serve.web import actions, setup
from makna.serve.web.visit import Visit, visit_of

_CHUNK = 1024 * 1024
_MOST_FIELDS = 20
_SHOWN = 5
_COLUMNS = ("text_a", "text_b", "context", "name", "doubt", "suggested")


def file_routes() -> APIRouter:
    """Return the routes by which files come and go."""
    routes = APIRouter(prefix="/api/projects/{project_id}")

    @routes.post("/items")
    async def take(request: Request, project_id: int) -> Any:
        visit = visit_of(request)
        await run_in_threadpool(actions.role_of, visit, project_id, ("admin",))
        async with request.form(max_files=1, max_fields=_MOST_FIELDS) as form:
            added, empty = await visit.ask(_read, project_id, form)
        told = visit.say("serve.site_added", added=added.added, known=added.known)
        if empty:
            told += " " + visit.say("label.items_left_out", n=len(empty), lines=listed(empty, _SHOWN))
        return {"added": added.added, "known": added.known, "left_out": len(empty), "message": told}

    @routes.get("/export")
    def give(request: Request, project_id: int, form: str = "wide", ending: str = "csv", names: bool = True) -> Any:
        visit = visit_of(request)
        place = actions.place_of(visit, project_id, ("admin",))
        if ending not in setup.ENDINGS:
            raise UserError("serve.site_bad_form", came=ending[:40], allowed=", ".join(setup.ENDINGS))
        ending = "json" if form == setup.TASKS_FORM else ending
        return _file(visit, project_id, form, names, f"{_plain(place.project.name)}-{form}.{ending}")

    return routes


def _read(visit: Visit, project_id: int, form: FormData) -> Any:
    file = form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise UserError("serve.site_no_file")
    columns = {name: str(form.get(name) or "").strip() or None for name in _COLUMNS}
    first = columns.pop("text_a")
    if first is None:
        raise UserError("serve.site_no_column")
    with tempfile.TemporaryDirectory(prefix="makna-") as folder:
        path = Path(folder) / own_name(file.filename)
        with path.open("wb") as target:
            while chunk := file.file.read(_CHUNK):
                target.write(chunk)
        return setup.add_file(visit, project_id, path, ItemColumns(first, **columns))


def own_name(came: str) -> str:
    """Return the last part of an uploaded file's name, made of plain characters.

    Parameters
    ----------
    came : str
        As the browser (or whoever) says it.

    Examples
    --------
    >>> own_name("../../etc/passwd"), own_name("C:\\\\Ulasan Toko.csv")
    ('passwd', 'Ulasan-Toko.csv')
    """
    return _plain(PureWindowsPath(PurePosixPath(came).name).name)


def _plain(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name).strip("-.")[-80:] or "table"


def _file(visit: Visit, project_id: int, form: str, names: bool, name: str) -> Response:
    folder = tempfile.TemporaryDirectory(prefix="makna-")
    try:
        path = Path(folder.name) / name
        setup.write_file(visit, project_id, path, form, names)
    except BaseException:
        folder.cleanup()
        raise
    return FileResponse(path, filename=name, background=BackgroundTask(folder.cleanup))
