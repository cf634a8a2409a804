"""The fixed sections of a recipe, as pydantic models: what may be written, of which type, with which default."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from makna.label.inset import Rules
from makna.label.lexicon import THRESHOLD, Boost
from makna.label.weights import Clash

SOURCES = ("dataset", "file", "files", "folder", "site")
Share = Annotated[float, Field(gt=0, lt=1)]


class Section(BaseModel):
    """Base: unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", strict=False)


class TaskSection(Section):
    """What goes in and what comes out."""

    inputs: Literal["text", "pair"] = "text"
    target: Literal["class", "classes", "number"] = "class"
    outputs: list[str] | None = Field(None, description="names of the outputs, for target: classes")
    positive: str | None = Field(None, description="the class that F1-positive speaks of")
    scale: tuple[float, float] | None = Field(None, description="lowest and highest number")
    step: Annotated[float, Field(gt=0)] | None = Field(
        None, description="distance between two marks of the scale: 0.5 for half marks, 1 for whole ones"
    )
    symmetric: bool = Field(False, description="pairs: the order of the sides never changes the answer")
    swap: dict[str, str] | None = Field(
        None, description="pairs: classes that change places when the sides do; all others do not heed the order"
    )


class JoinSection(Section):
    """Columns of another table, such as what people say of some rows."""

    file: str = Field(description="a table; demo: what a person says of the demo shop's reviews")
    by: str = Field(description="the column that both tables have")


class CollectSection(Section):
    """Where the rows come from, and which of the user's columns is which."""

    dataset: str | None = Field(None, description="name in the catalogue of public data, or of a sample")
    file: str | None = Field(None, description="a table: csv, tsv, xlsx, jsonl, parquet")
    files: dict[str, str] | None = Field(None, description="part (train, valid, test) → table")
    folder: str | None = Field(None, description="a folder: a sub-folder of .txt files a class, or tables to join")
    site: str | None = Field(None, description="a site file whose reviews are collected by a browser, or demo")
    addresses: str | None = Field(None, description="for site: a table of addresses")
    rate: Annotated[float, Field(ge=0, le=3600)] | None = Field(None, description="for site: seconds between requests")
    join: JoinSection | None = Field(None, description="columns of another table")
    sheet: str | int | None = Field(None, description="of an xlsx file; default: the first that is not hidden")
    text: str | None = None
    text_a: str | None = None
    text_b: str | None = None
    label: str | None = None
    labels: list[str] | dict[str, str] | None = Field(
        None, description="for several outputs: columns, or name → column"
    )
    score: str | None = None
    group: str | None = None
    id: str | None = None
    context: str | None = None
    raters: dict[str, str] | None = Field(None, description="numbers: rater → column of that rater's own marks")
    year: str | None = Field(None, description="a year or a date, for explain: [trend]")
    classes: dict[str, str] | None = Field(None, description="raw label → class, where they differ")
    encoding: str | None = None
    delimiter: str | None = None

    @model_validator(mode="after")
    def _one_source(self) -> CollectSection:
        given = [name for name in SOURCES if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError("one_source")
        if self.site is None and (self.addresses is not None or self.rate is not None):
            raise ValueError("addresses_site")
        if self.site is not None and self.site != "demo" and self.addresses is None:
            raise ValueError("site_addresses")
        return self


class LexiconSection(Section):
    """How a lexicon's scores become labels."""

    classes: dict[Literal["positive", "neutral", "negative"], str] = Field(
        default_factory=dict, description="polarity → class; default: as the gold labels call them, else these words"
    )
    threshold: Annotated[float, Field(gt=0, lt=1)] = THRESHOLD
    abstain: bool = Field(False, description="no label for a text without a word of the lexicon, rather than neutral")
    after: list[Any] = Field(default_factory=list, description="text steps before the lexicon reads; default: raw text")
    boost: Boost = "library"


class VaderSection(LexiconSection):
    """VADER, which reads English."""

    translate: str | None = Field(None, description="column with the texts in English")
    translator: str | None = Field(None, description="folder of a translation model, such as opus-mt-id-en")


class InsetSection(LexiconSection):
    """A lexicon of weighted Indonesian words."""

    lexicon: str | Annotated[list[str], Field(min_length=1)] = "inset"
    clash: Clash = "sum"
    rules: Rules = "full"


class BesideSection(Section):
    """Other labels there are, such as stars."""

    column: str
    classes: dict[str, str] = Field(default_factory=dict, description="raw value → class, where they differ")


class LabelSection(Section):
    """Weak labels by a lexicon."""

    vader: VaderSection | None = None
    inset: InsetSection | None = None
    gold: str | None = Field(None, description="column with what people say of some rows; default: the label column")
    beside: dict[str, BesideSection] | None = Field(
        None, description="name → other labels that the weak ones are compared with too, such as stars"
    )
    use: bool = Field(True, description="learn the weak labels; false: only audit them beside the labels there are")

    @model_validator(mode="before")
    @classmethod
    def _with_defaults(cls, value: Any) -> Any:
        """Read `inset:` alone as InSet with its defaults."""
        if not isinstance(value, dict):
            return value
        return {key: {} if key in LABELLERS and item is None else item for key, item in value.items()}

    @property
    def source(self) -> str:
        """The labeller that is asked for: ``vader`` or ``inset``."""
        return LABELLERS[0] if self.vader is not None else LABELLERS[1]

    @property
    def lexicon(self) -> VaderSection | InsetSection:
        """Its settings."""
        found = self.vader or self.inset
        assert found is not None, "read_label refuses a section without a labeller"
        return found


LABELLERS = ("vader", "inset")


def fields_at(model: type[BaseModel], path: Sequence[Any]) -> list[str]:
    """Return the keys that a section may have, or a section inside it.

    Parameters
    ----------
    model : type
        The section.
    path : sequence
        Keys from it to the section inside.
    """
    for key in path:
        inside = model.model_fields[key].annotation if key in model.model_fields else None
        found = [kind for kind in (inside, *get_args(inside)) if isinstance(kind, type) and issubclass(kind, BaseModel)]
        if found:
            model = found[0]
    return list(model.model_fields)


class SplitSection(Section):
    """How rows are parted: folds, a hold-out, or parts as given."""

    folds: Annotated[int, Field(ge=2, le=100)] | None = None
    holdout: dict[Literal["train", "valid", "test"], Share] | None = None
    parts: Literal["given"] | None = None
    stratify: str | bool = Field(True, description="by label (or an output's name), or not at all")
    group: bool | Literal["texts"] | None = Field(
        None,
        description="keep rows of one group together (default: where there are groups); texts: pairs that share one",
    )
    shuffle: bool = True
    divide: dict[str, dict[Literal["train", "valid", "test"], Share]] | None = Field(
        None, description="given part → the parts it is divided into, with their shares"
    )
    leaks: Literal["keep", "drop"] = Field("keep", description="training rows whose group a held part has too")

    @model_validator(mode="after")
    def _one_way(self) -> SplitSection:
        given = [name for name in ("folds", "holdout", "parts") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError("one_split")
        for shares in [self.holdout, *(self.divide or {}).values()]:
            if shares is not None and abs(sum(shares.values()) - 1) > 1e-6:
                raise ValueError("holdout_sum")
        if self.parts is None and (self.divide or self.leaks == "drop"):
            raise ValueError("divide_given")
        return self


class TuneSection(Section):
    """How open settings are chosen: what is tried, by which metric, and where."""

    by: Annotated[str, Field(description="the metric that chooses; loss where all that is tuned is a network")] = (
        "f1_macro"
    )
    folds: Annotated[int, Field(ge=2, le=20)] = 3
    method: Literal["grid", "random", "tpe"] = "grid"
    trials: Annotated[int, Field(ge=1, le=10_000, description="how many settings random and tpe draw")] = 20
    round: Annotated[int, Field(ge=1, le=1000, description="trials that know nothing of each other")] = 4
    workers: Annotated[int, Field(ge=1, le=512, description="trials that run at the same time")] = 1
    stop_hopeless: Annotated[bool, Field(description="stop networks that fall behind earlier trials")] = True
    systems: Literal["all"] | None = Field(None, description="all: add the system `chosen`, the best of all")


class EvaluateSection(Section):
    """Which scores are shown, and against what."""

    metrics: list[str] | None = None
    compare: str | None = Field(None, description="the system that the others are compared with")
    merge: dict[str, list[str]] | None = Field(
        None, description="reported class → the learned classes it stands for, such as {SPE: [SPE1, SPE2]}"
    )
    subsets: dict[str, list[str]] | None = Field(
        None, description="name → reported classes: also scored on their rows alone, as a choice between them"
    )
    resamples: Annotated[int, Field(ge=100, le=100_000)] = 1000
    level: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    learning_curve: list[Annotated[float, Field(gt=0, le=1)]] | None = Field(
        None, description="shares of the training rows to learn from, such as [0.1, 0.25, 0.5, 1]"
    )


class ReportSection(Section):
    """What is written for people."""

    page: bool = True
    lang: Literal["id", "en"] = "id"


class ReferenceSection(Section):
    """A published figure to stand beside makna's."""

    system: str
    metric: str
    value: float
    source: str
    cell: dict[str, Any] = Field(default_factory=dict)


class NoteSection(Section):
    """Something a reader of the report should know about published figures, in both languages."""

    source: str
    id: str
    en: str


SECTIONS: dict[str, type[Section]] = {
    "task": TaskSection,
    "collect": CollectSection,
    "label": LabelSection,
    "split": SplitSection,
    "tune": TuneSection,
    "evaluate": EvaluateSection,
    "report": ReportSection,
}
Replaced = Literal["collect", "clean", "label", "split", "tune", "systems", "evaluate", "explain", "seed"]
"""Sections that a paper's own protocol, or any other beside the honest one, may have its own of."""
ProtocolName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", description="paper, paper-80, random, …")]
PLAIN: dict[str, Any] = {
    "title": str,
    "seed": Annotated[int, Field(ge=0, lt=2**31)],
    "threads": Annotated[int, Field(ge=1, le=1024)] | None,
    "device": Literal["auto", "cpu", "cuda"] | None,
    "precision": Literal["auto", "fp32", "bf16"] | None,
    "reference": list[ReferenceSection],
    "notes": list[NoteSection],
    "protocol": str | Annotated[list[str], Field(min_length=1)],
    "protocols": dict[ProtocolName, dict[Replaced, Any]],
}
TOP_KEYS = (*SECTIONS, *PLAIN, "clean", "explain", "systems")
