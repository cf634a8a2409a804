"""The API: what the pages do, as JSON, for those who bring their own."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from makna.core.errors import UserError
from makna.label.store.answers import Given
from makna.label.store.items import Item
from makna.label.store.labels import LabelChoice, LabelsChanged
from makna.label.store.projects import Project
from makna.label.store.queue import Progress
from makna.serve.web import actions
from makna.serve.web.actions import Choice
from makna.serve.web.failures import status_of
from makna.serve.web.visit import visit_of

Token = Annotated[str, Field(min_length=8, max_length=64)]


class AnswerGiven(BaseModel):
    """What is sent for an answer, and for a decision."""

    model_config = ConfigDict(extra="forbid", strict=True)

    item: int
    labels_version: int
    token: Token
    label: str | None = None
    skipped: bool = False
    flagged: bool = False
    note: str = ""
    seconds: Annotated[float, Field(ge=0, strict=False)] | None = None

    def choice(self) -> Choice:
        """Return it as the actions take it."""
        given = Given(self.label, self.skipped, self.flagged, self.note, self.seconds)
        return Choice(self.item, given, self.labels_version, self.token)


def api_routes() -> APIRouter:
    """Return the routes of the API; all of them run in threads."""
    routes = APIRouter(prefix="/api")

    @routes.get("/projects")
    def my_projects(request: Request) -> Any:
        places = actions.my_projects(visit_of(request))
        return [{**_project(place.project), "role": place.role, **_progress(place.progress)} for place in places]

    @routes.get("/projects/{project_id}/next")
    def next_work(request: Request, project_id: int, skip: Annotated[list[int], Query()] = []) -> Any:  # noqa: B006
        project, item = actions.next_item(visit_of(request), project_id, skip)
        return {"project": _project(project), "item": _item(item) if item else None}

    @routes.get("/projects/{project_id}/progress")
    def progress(request: Request, project_id: int) -> Any:
        return _progress(actions.place_of(visit_of(request), project_id).progress)

    @routes.post("/projects/{project_id}/answers")
    def give(request: Request, project_id: int, body: AnswerGiven) -> Any:
        answer = actions.give(visit_of(request), project_id, body.choice())
        return {"item": answer.item_id, "label": answer.label, "skipped": answer.skipped, "flagged": answer.flagged}

    @routes.get("/projects/{project_id}/answers")
    def mine(request: Request, project_id: int) -> Any:
        _, found = actions.my_answers(visit_of(request), project_id)
        return [
            {"item": _item(item), "label": a.label, "skipped": a.skipped, "flagged": a.flagged, "note": a.note}
            for item, a in found
        ]

    @routes.post("/projects/{project_id}/undo")
    def take_back(request: Request, project_id: int) -> Any:
        return {"item": actions.take_back(visit_of(request), project_id)}

    @routes.get("/projects/{project_id}/disagreements")
    def to_decide(request: Request, project_id: int) -> Any:
        _, found = actions.to_decide(visit_of(request), project_id)
        return [
            {
                "item": _item(row.item),
                "answers": [
                    {"by": by, "label": a.label, "flagged": a.flagged, "note": a.note} for by, a in row.answers
                ],
                "gold": row.gold,
            }
            for row in found
        ]

    @routes.post("/projects/{project_id}/decide")
    def decide(request: Request, project_id: int, body: AnswerGiven) -> Any:
        actions.decide(visit_of(request), project_id, body.choice())
        return {"item": body.item, "label": body.label}

    return routes


def nothing_else() -> APIRouter:
    """Return the routes that answer for whatever else is asked of the API."""
    routes = APIRouter()

    @routes.api_route("/api/{rest:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    def absent(request: Request, rest: str) -> Any:
        return JSONResponse({"message": visit_of(request).say("serve.site_no_such_call", path=rest[:80])}, 404)

    return routes


def answer_failures(app: FastAPI) -> None:
    """Make an app answer errors with their status and a plain message in the visitor's language."""

    @app.exception_handler(UserError)
    def wrong(request: Request, problem: UserError) -> JSONResponse:
        body: dict[str, Any] = {"message": visit_of(request).explain(problem)}
        if isinstance(problem, LabelsChanged):
            body |= {"labels": [_label(choice) for choice in problem.labels], "labels_version": problem.version}
        return JSONResponse(body, status_of(problem))

    @app.exception_handler(RequestValidationError)
    def unreadable(request: Request, problem: RequestValidationError) -> JSONResponse:
        first = problem.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        message = visit_of(request).say("serve.site_bad_call", where=where, why=first["msg"])
        return JSONResponse({"message": message}, 422)

    @app.exception_handler(HTTPException)
    def refused(request: Request, problem: HTTPException) -> JSONResponse:
        message = visit_of(request).say("serve.site_bad_call", where=request.method, why=problem.detail)
        return JSONResponse({"message": message}, problem.status_code, problem.headers)


def _project(project: Project) -> dict[str, Any]:
    return {
        "id": project.id,
        "name": project.name,
        "kind": project.kind,
        "labels": [_label(choice) for choice in project.labels if not choice.retired],
        "labels_version": project.labels_version,
        "scale": project.scale,
        "guidelines": project.guidelines,
        "closed": project.closed,
    }


def _label(choice: LabelChoice) -> dict[str, Any]:
    return {"name": choice.name, "key": choice.key, "about": choice.about, "retired": choice.retired}


def _item(item: Item) -> dict[str, Any]:
    # Neither what a model thinks of it, nor the file's other columns: they would sway who labels.
    return {
        "id": item.id, "name": item.name, "text_a": item.text_a, "text_b": item.text_b, "context": item.context,
    }  # fmt: skip


def _progress(progress: Progress) -> dict[str, int]:
    return {
        "mine": progress.mine,
        "left": progress.wanted_of_me_left,
        "items": progress.items,
        "complete": progress.complete,
        "skipped": progress.skipped,
        "flagged": progress.flagged,
    }
