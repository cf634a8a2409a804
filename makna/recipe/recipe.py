"""A recipe: read, checked whole, and resolved with every default written out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path as FilePath
from typing import Any

from pydantic import TypeAdapter, ValidationError

from makna.core.compute import Compute
from makna.core.errors import RecipeError
from makna.core.messages import say
from makna.core.task import Task
from makna.recipe import protocols
from makna.recipe.baselines import RESERVED
from makna.recipe.cells import SystemSpec
from makna.recipe.cleaning import RowJudge, read_clean, with_folder
from makna.recipe.collecting import DEMO
from makna.recipe.explain_section import Asked, read_explain
from makna.recipe.label_section import read_label
from makna.recipe.metric_words import by_metric, metric_problem
from makna.recipe.overrides import override
from makna.recipe.protocols import HONEST
from makna.recipe.sections import (
    PLAIN,
    SECTIONS,
    SOURCES,
    TOP_KEYS,
    CollectSection,
    EvaluateSection,
    LabelSection,
    NoteSection,
    ReferenceSection,
    ReportSection,
    SplitSection,
    TuneSection,
    fields_at,
)
from makna.recipe.source import Path, Problem, Source, dotted, read_yaml
from makna.recipe.steps import Reader, near, value_problem
from makna.recipe.systems import SystemsReader
from makna.recipe.written import written_out
from makna.split.plan import SplitSettings


@dataclass(frozen=True)
class Recipe:
    """A study as data, checked and complete.

    Parameters
    ----------
    name : str
        Name of the study or stem of the file.
    task : Task
        Inputs and target.
    clean : list
        Text steps before the row judge, as a recipe writes them.
    rows : RowJudge
        How rows are judged.
    systems : list of SystemSpec
        Systems, grids not yet spread.
    resolved : dict
        The whole recipe with every default written out.
    protocol : str
        Whose protocol this is: honest, paper or another that the recipe describes, stamped on every page then.
    compute : Compute
        Device, precision and threads of neural networks.
    shipped : bool
        Whether this is a study that makna ships: what is missing for one of its systems does not stop the others.
    beside : tuple of Recipe
        The same study under further protocols, where several are asked for.

    The other attributes are the sections of the same name.
    """

    name: str
    title: str
    task: Task
    seed: int
    collect: CollectSection
    clean: list[Any]
    rows: RowJudge
    split: SplitSettings
    systems: list[SystemSpec]
    tune: TuneSection | None
    evaluate: EvaluateSection
    explain: Asked
    report: ReportSection
    reference: list[ReferenceSection]
    threads: int | None
    resolved: dict[str, Any]
    compute: Compute = field(default_factory=Compute)
    notes: list[NoteSection] = field(default_factory=list)
    shipped: bool = False
    protocol: str = HONEST
    beside: tuple[Recipe, ...] = ()
    label: LabelSection | None = None


def studies() -> dict[str, str]:
    """Return the studies makna ships: name → title."""
    found = {}
    for entry in sorted((resources.files("makna") / "studies").iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".yaml"):
            found[entry.name.removesuffix(".yaml")] = str(read_yaml(entry.read_text("utf-8")).data.get("title", ""))
    return found


def load_recipe(name: str, sets: Sequence[str] = (), data: str | None = None) -> Recipe:
    """Read the recipe of a study or of a file.

    Parameters
    ----------
    name : str
        Name of a shipped study, or path of a ``.yaml`` file.
    sets : sequence of str
        Changes, ``PATH=VALUE``.
    data : str or None
        A table to use in place of the recipe's own.

    Raises
    ------
    RecipeError
        No such recipe, or every mistake in it with its line.
    """
    path = FilePath(name)
    if path.suffix in (".yaml", ".yml") or path.is_file():
        if not path.is_file():
            raise RecipeError("recipe.unknown_study", name=name, allowed=", ".join(studies()))
        text, stem = path.read_bytes().decode("utf-8", "replace"), path.stem
    else:
        if name not in studies():
            allowed = studies()
            raise RecipeError("recipe.unknown_study", name=name, allowed=", ".join(allowed) + "." + near(name, allowed))
        text, stem = (resources.files("makna") / "studies" / f"{name}.yaml").read_text("utf-8"), name
    source = read_yaml(text)
    base = path.parent if path.is_file() else None
    made = resolve(source, stem, sets, data, base)
    return made if base is not None else as_shipped(made)


def as_shipped(recipe: Recipe) -> Recipe:
    """Return a recipe marked as one of makna's own studies."""
    return replace(recipe, shipped=True, beside=tuple(replace(one, shipped=True) for one in recipe.beside))


def resolve(
    source: Source, name: str, sets: Sequence[str] = (), data: str | None = None, base: FilePath | None = None
) -> Recipe:
    """Check a recipe and write out its defaults.

    Parameters
    ----------
    source : Source
        The recipe as read.
    name : str
        Name for messages and folders.
    sets : sequence of str
        Changes, ``PATH=VALUE``.
    data : str or None
        A table to use in place of the recipe's own.
    base : Path or None
        Folder that the recipe's relative file names start from.

    Raises
    ------
    RecipeError
        Lists every mistake.
    """
    problems = list(source.problems)
    if not problems and not isinstance(source.data, dict):
        problems.append(Problem(1, "", say("recipe.not_a_mapping", came=type(source.data).__name__)))
    if problems:
        raise _error(name, problems)
    for change in sets:
        override(source.data, change)
        source.changed.append(change.partition("=")[0].strip())
    if data is not None:
        _use_file(source, data)
    asked = protocols.wanted(source, lambda path, text: problems.append(Problem(source.line(path), dotted(path), text)))
    found = [_Resolver(protocols.variant(source, way), name, problems, base).resolve() for way in asked]
    made = [replace(one, protocol=way) for one, way in zip(found, asked, strict=True) if one is not None]
    if problems or len(made) < len(asked):
        raise _error(name, problems)
    return replace(made[0], beside=tuple(made[1:]))


def _use_file(source: Source, data: str) -> None:
    """Replace the recipe's data by a file or folder of the user's, keeping the column names."""
    collect = dict(source.data.get("collect") or {})
    for key in (*SOURCES, "addresses", "rate", "join"):
        collect.pop(key, None)
    if "collect.sheet" not in source.changed:
        collect.pop("sheet", None)
    kind = "folder" if FilePath(data).is_dir() else "file"
    source.data["collect"] = {**collect, kind: str(FilePath(data).resolve())}


def _error(name: str, problems: list[Problem]) -> RecipeError:
    ordered = sorted(dict.fromkeys(problems), key=lambda p: p.line or 0)
    text = "\n".join(f"  {i}. {problem}" for i, problem in enumerate(ordered, 1))
    return RecipeError("recipe.problems", name=name, n=len(ordered), problems=text)


class _Resolver:
    """Goes through a recipe section by section, collecting problems."""

    def __init__(self, source: Source, name: str, problems: list[Problem], base: FilePath | None) -> None:
        self.source = source
        self.data: dict[str, Any] = source.data
        self.name = name
        self.problems = problems
        self.base = base

    def resolve(self) -> Recipe | None:
        for key in self.data:
            if key not in TOP_KEYS:
                self._add((key,), say("recipe.unknown_key", key=key, allowed=", ".join(TOP_KEYS)) + near(key, TOP_KEYS))
        sections = {key: self._section(key) for key in SECTIONS}
        plain = {key: self._plain(key) for key in PLAIN}
        task = self._task(sections["task"])
        if self.base is not None:
            with_folder(self.data, self.base)
        clean, rows = read_clean(self.data.get("clean", []), ("clean",), self._add)
        method = sections["tune"].method if "tune" in self.data else None
        reader = Reader(self.source, self.problems, task.inputs, task.target, method)
        systems = SystemsReader(reader, clean).read(self.data.get("systems"))
        label = read_label(sections["label"], self.data.get("label"), task, self.base, self._add)
        self._cross_checks(sections, plain, task, systems)
        if self.problems:
            return None
        collect = self._based(sections["collect"])
        tune = sections["tune"] if "tune" in self.data else None
        recipe = Recipe(
            name=self.name, title=plain["title"] or self.name, task=task,
            seed=13 if plain["seed"] is None else plain["seed"], collect=collect, clean=clean, rows=rows,
            split=_split_settings(sections["split"]), systems=systems, tune=tune, evaluate=sections["evaluate"],
            explain=read_explain(self.data.get("explain"), self._add),
            report=sections["report"], reference=plain["reference"] or [], threads=plain["threads"], resolved={},
            compute=Compute(plain["device"] or "auto", plain["precision"] or "auto", plain["threads"]),
            notes=plain["notes"] or [], label=label,
        )  # fmt: skip
        recipe.resolved.update(written_out(recipe, sections))
        return recipe

    def _add(self, path: Path, message: str) -> None:
        self.problems.append(Problem(self.source.line(path), dotted(path), message))

    def _section(self, key: str) -> Any:
        model = SECTIONS[key]
        value = self.data.get(key)
        value = {} if value is None else value
        allowed = list(model.model_fields)
        if not isinstance(value, dict):
            self._add((key,), say("recipe.section_mapping", came=repr(value)[:60], allowed=", ".join(allowed)))
            return model()
        try:
            return model.model_validate(value)
        except ValidationError as wrong:
            self._section_problems(key, wrong, allowed)
            return model()

    def _section_problems(self, key: str, wrong: ValidationError, allowed: list[str]) -> None:
        by_place: dict[Path, list[Any]] = {}
        for error in wrong.errors():
            loc = tuple(piece for piece in error["loc"] if not _is_branch(piece))
            by_place.setdefault((key, *loc), []).append(error)
        for path, errors in by_place.items():
            first = errors[0]
            if first["type"] == "extra_forbidden":
                word, known = str(path[-1]), fields_at(SECTIONS[key], path[1:-1])
                message = say("recipe.unknown_key", key=word, allowed=", ".join(known)) + near(word, known)
            elif first["type"] == "value_error":
                message = say(f"recipe.{first['ctx']['error']}")
            else:
                message = value_problem(_Only(errors), first["input"])  # type: ignore[arg-type]
            self._add(path, message)

    def _plain(self, key: str) -> Any:
        value = self.data.get(key)
        if value is None:
            return None
        try:
            return TypeAdapter(PLAIN[key]).validate_python(value)
        except ValidationError as wrong:
            for error in wrong.errors():
                if error["type"] == "extra_forbidden":
                    allowed = list(ReferenceSection.model_fields)
                    word = str(error["loc"][-1])
                    message = say("recipe.unknown_key", key=word, allowed=", ".join(allowed)) + near(word, allowed)
                else:
                    message = value_problem(_Only([error]), error["input"])  # type: ignore[arg-type]
                self._add((key, *(p for p in error["loc"] if not _is_branch(p))), message)
            return None

    def _task(self, section: Any) -> Task:
        outputs = tuple(section.outputs or ())
        if section.target == "classes" and not outputs:
            labels = (
                (self.data.get("collect") or {}).get("labels") if isinstance(self.data.get("collect"), dict) else None
            )
            outputs = tuple(str(name) for name in labels) if isinstance(labels, dict | list) else ()
            if not outputs:
                self._add(("task",), say("recipe.needs_outputs"))
        if section.target != "classes":
            outputs = ("",)
        if (section.symmetric or section.swap) and (section.inputs, section.target) != ("pair", "class"):
            self._add(("task",), say("recipe.symmetric_pairs"))
        if section.step is not None and (section.scale is None or section.step > section.scale[1] - section.scale[0]):
            self._add(("task", "step"), say("recipe.step_scale", came=section.step))
        swap = tuple((section.swap or {}).items())
        return Task(
            section.inputs, section.target, outputs or ("",), section.positive, section.scale,
            symmetric=section.symmetric or bool(swap), swap=swap, step=section.step,
        )  # fmt: skip

    def _cross_checks(
        self, sections: Mapping[str, Any], plain: Mapping[str, Any], task: Task, systems: list[SystemSpec]
    ) -> None:
        names = [spec.name for spec in systems] + sorted(RESERVED)
        compare = sections["evaluate"].compare
        if compare is not None and compare not in names:
            self._add(
                ("evaluate", "compare"),
                say("recipe.unknown_system", name=compare, allowed=", ".join(names)) + near(compare, names),
            )
        metrics: list[tuple[Path, str]] = [
            (("evaluate", "metrics", i), m) for i, m in enumerate(sections["evaluate"].metrics or [])
        ]
        if "tune" in self.data:
            metrics += by_metric(sections["tune"], systems, self._add)
        for path, metric in metrics:
            problem = metric_problem(metric, task)
            if problem:
                self._add(path, problem)
        if any(problem.where.startswith("collect") for problem in self.problems):
            return  # what is wrong there would only be said twice
        collect = sections["collect"]
        if all(getattr(collect, key) is None for key in SOURCES):
            self._add(("collect",), say("recipe.needs_source"))
        elif collect.dataset is None and collect.folder is None:
            needed = [*task.text_columns, "labels" if task.target == "classes" else task.target_columns[0]]
            if "label" in self.data and sections["label"].use:
                needed = [name for name in needed if name != "label"]
            missing = [name for name in needed if getattr(collect, name, None) is None]
            if missing:
                self._add(("collect",), say("recipe.needs_columns", columns=", ".join(missing)))

    def _based(self, collect: CollectSection) -> CollectSection:
        """Make file names absolute: they start from the recipe's folder."""
        if self.base is None:
            return collect

        def based(name: str) -> str:
            return str((self.base / name).resolve()) if self.base is not None else name

        files = {part: based(name) for part, name in collect.files.items()} if collect.files else None
        one = {key: based(name) if (name := getattr(collect, key)) else None for key in ("file", "folder")}
        if collect.site is not None and collect.site != DEMO:
            one |= {"site": based(collect.site)}
        if collect.addresses is not None:
            one |= {"addresses": based(collect.addresses)}
        join = collect.join
        if join is not None and join.file != DEMO:
            join = join.model_copy(update={"file": based(join.file)})
        return collect.model_copy(update={**one, "files": files, "join": join})


class _Only:
    """Some of a ValidationError's errors."""

    def __init__(self, errors: list[Any]) -> None:
        self._errors = errors

    def errors(self) -> list[Any]:
        return self._errors


def _is_branch(piece: str | int) -> bool:
    """Tell pydantic's names of union branches (``list[str]``, ``constrained-float``) from keys of the recipe."""
    return isinstance(piece, str) and (
        bool(re.search(r"[\[\](]|^function-", piece)) or piece in ("str", "bool", "int", "float")
    )


def _split_settings(section: SplitSection) -> SplitSettings:
    folds = section.folds
    if folds is None and section.holdout is None and section.parts is None:
        folds = 5
    holdout = {str(part): share for part, share in section.holdout.items()} if section.holdout else None
    divide = {part: {str(name): share for name, share in into.items()} for part, into in (section.divide or {}).items()}
    given = section.parts == "given"
    return SplitSettings(
        folds, holdout, given, section.stratify, section.group, section.shuffle, divide, section.leaks
    )  # fmt: skip
