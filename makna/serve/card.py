"""The model card: what a model does, how well, on what it was trained and where its limits are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from makna.core.messages import say
from makna.core.model_folder import SavedModel
from makna.core.task import Task

_LICENCES = {
    "apache 2.0": "apache-2.0",
    "mit": "mit",
    "cc0 1.0": "cc0-1.0",
    **{
        f"cc {kind} {version}": f"cc-{kind}-{version}"
        for kind in ("by", "by-sa", "by-nc", "by-nc-sa", "by-nd", "by-nc-nd")
        for version in ("3.0", "4.0")
    },
}
_HUB_METRICS = {
    "accuracy": "accuracy",
    "f1_macro": "f1",
    "f1_weighted": "f1",
    "f1_positive": "f1",
    "precision_macro": "precision",
    "recall_macro": "recall",
    "pearson": "pearsonr",
    "spearman": "spearmanr",
    "mae": "mae",
    "mse": "mse",
    "rmse": "rmse",
    "qwk": "cohen_kappa",
}
_FEW_ROWS = 200


def model_card(saved: SavedModel, lang: str = "en") -> str:
    """Return a model's card: Markdown with the front matter that the Hugging Face Hub reads.

    Parameters
    ----------
    saved : SavedModel
        `about` may have ``name``, ``title``, ``study``, ``makna`` (version), ``language``, ``licence``, ``trained_on``
        (``title``, ``source``, ``licence``, ``citation``, ``notes``, ``rows``, ``languages``), ``tables`` (``name``,
        ``licence``, ``source``), ``scores`` (part → metric → ``value``, ``low``, ``high``, ``n``, as in metrics.json),
        ``weak_labels`` and ``beats_baseline``; what is missing is left out.
    lang : {"id", "en"}
        Language of the text.

    Returns
    -------
    str
        Markdown.

    Examples
    --------
    >>> card = model_card(SavedModel(None, Task(), {"": ["0", "1"]}, about={"name": "counts-svm"}))
    >>> card.splitlines()[:2]
    ['---', 'library_name: makna']
    """
    front = yaml.safe_dump(_front_matter(saved), allow_unicode=True, sort_keys=False, width=1000)
    title = saved.about.get("title")
    heading = f"# {_name(saved)}" + (f": {title}" if title else "")
    sections = [
        heading,
        *_what_it_does(saved, lang),
        *_how_to_use(saved, lang),
        *_scores(saved, lang),
        *_training_data(saved, lang),
        *_limits(saved, lang),
    ]
    return f"---\n{front}---\n\n" + "\n\n".join(sections) + "\n"


def _name(saved: SavedModel) -> str:
    return str(saved.about.get("name") or "makna")


def _front_matter(saved: SavedModel) -> dict[str, Any]:
    about, task = saved.about, saved.task
    data = about.get("trained_on") or {}
    licence = str(about.get("licence") or data.get("licence") or "")
    languages = about.get("language") or data.get("languages") or []
    front: dict[str, Any] = {"library_name": "makna"}
    if languages:
        front["language"] = [languages] if isinstance(languages, str) else list(languages)
    front["license"] = hub_licence(licence)
    if front["license"] == "other" and licence:
        front["license_name"] = licence
    front["pipeline_tag"] = "text-classification"
    tags = ["makna", f"text-{'regression' if task.is_number else 'classification'}"]
    front["tags"] = [*tags, "text-pairs"] if task.inputs == "pair" else tags
    results = [_hub_result(saved, part, metrics) for part, metrics in _parts(saved)]
    if any(result["metrics"] for result in results):
        kept = [result for result in results if result["metrics"]]
        front["model-index"] = [{"name": _name(saved), "results": kept}]
    return front


def hub_licence(licence: str) -> str:
    """Return the Hub's identifier of a licence, ``other`` where it has none.

    Examples
    --------
    >>> hub_licence("CC BY-NC-SA 4.0"), hub_licence("Apache-2.0"), hub_licence("Quora terms of service")
    ('cc-by-nc-sa-4.0', 'apache-2.0', 'other')
    """
    plain = licence.strip().casefold()
    if plain in _LICENCES.values():
        return plain
    return _LICENCES.get(plain, "other")


def _hub_result(saved: SavedModel, part: str, metrics: Mapping[str, Any]) -> dict[str, Any]:
    data = saved.about.get("trained_on") or {}
    name = str(data.get("title") or saved.about.get("study") or saved.about.get("title") or "makna")
    known = [
        {"type": _HUB_METRICS[metric], "name": metric, "value": round(float(score["value"]), 4)}
        for metric, score in metrics.items()
        if metric in _HUB_METRICS and score.get("value") is not None
    ]
    return {
        "task": {"type": "text-classification"},
        "dataset": {"name": name, "type": str(saved.about.get("study") or "private"), "split": part},
        "metrics": known,
    }


def _parts(saved: SavedModel) -> list[tuple[str, Mapping[str, Any]]]:
    """Scores by part, the test part first; scores without a part count as those of ``test``."""
    scores = saved.about.get("scores") or {}
    if any(isinstance(entry, Mapping) and "value" in entry for entry in scores.values()):
        scores = {"test": scores}
    return sorted(scores.items(), key=lambda item: item[0] != "test")


def _what_it_does(saved: SavedModel, lang: str) -> Iterator[str]:
    task = saved.task
    yield f"## {say('serve.card_what', lang)}"
    yield say(f"serve.card_{task.inputs}_{task.target}", lang)
    for output, names in saved.labels.items():
        classes = ", ".join(f"`{name}`" for name in names)
        yield f"- {output}: {classes}" if output else say("serve.card_classes", lang, classes=classes)
    if task.is_number and task.scale:
        yield say("serve.card_scale", lang, low=task.scale[0], high=task.scale[1])


def _how_to_use(saved: SavedModel, lang: str) -> Iterator[str]:
    example = say("serve.card_example", lang)
    if saved.task.inputs == "pair":
        X = f'pd.DataFrame({{"text_a": ["{example}"], "text_b": ["{example}"]}})'
        imports = "import makna\nimport pandas as pd\n"
    else:
        X, imports = f'["{example}"]', "import makna\n"
    yield f"## {say('serve.card_use', lang)}"
    yield f'```python\n{imports}\nmodel = makna.load("FOLDER")\nprint(model.predict({X}))\n```'
    columns = ", ".join(f"`{saved.columns.get(name, name)}`" for name in saved.task.text_columns)
    yield say("serve.card_command", lang, columns=columns)
    yield "```sh\nmakna predict FOLDER data.csv --out predictions.csv\n```"


def _scores(saved: SavedModel, lang: str) -> Iterator[str]:
    parts = [(part, _shown(saved.task, metrics)) for part, metrics in _parts(saved)]
    parts = [(part, metrics) for part, metrics in parts if metrics]
    yield f"## {say('serve.card_scores', lang)}"
    if not parts:
        yield say("serve.card_no_scores", lang)
        return
    header = [say(f"serve.card_column_{name}", lang) for name in ("part", "metric", "value", "interval", "n")]
    lines = [_row(header), _row(["---"] * len(header))]
    for part, metrics in parts:
        for metric, score in metrics.items():
            interval = f"{_number(score.get('low'))} – {_number(score.get('high'))}"
            lines.append(_row([part, metric, _number(score.get("value")), interval, str(score.get("n", "–"))]))
    yield "\n".join(lines)
    if saved.about.get("beats_baseline") is False:
        yield f"**{say('serve.card_no_better', lang)}**"


def _shown(task: Task, metrics: Mapping[str, Any]) -> dict[str, Any]:
    """The scores of a card: the averages, and of each class its F1."""
    usual = [metric for metric in _HUB_METRICS if metric in metrics]
    classes = [metric for metric in metrics if metric.startswith("f1_") and metric not in usual]
    outputs = [f"{output}/f1_macro" for output in task.outputs if output and f"{output}/f1_macro" in metrics]
    return {metric: metrics[metric] for metric in [*usual, *classes, *outputs]}


def _training_data(saved: SavedModel, lang: str) -> Iterator[str]:
    data = saved.about.get("trained_on") or {}
    yield f"## {say('serve.card_data', lang)}"
    if not data:
        yield say("serve.card_no_data", lang)
    facts = [
        f"- {say(f'serve.card_data_{key}', lang)}: {_plain(data[key])}"
        for key in ("title", "rows", "source", "licence", "citation", "notes")
        if data.get(key)
    ]
    if facts:
        yield "\n".join(facts)
    tables = saved.about.get("tables") or []
    if tables:
        names = []
        for table in tables:
            name, licence, source = (_plain(table.get(key) or "–") for key in ("name", "licence", "source"))
            names.append(f"- {name} ({licence}), {source}")
        yield say("serve.card_tables", lang) + "\n\n" + "\n".join(names)


def _limits(saved: SavedModel, lang: str) -> Iterator[str]:
    about, task = saved.about, saved.task
    data = about.get("trained_on") or {}
    found = [say("serve.card_limit_domain", lang), say("serve.card_limit_people", lang)]
    if not task.is_number:
        found.append(say("serve.card_limit_classes", lang))
    sizes = [score.get("n") for _, metrics in _parts(saved)[:1] for score in metrics.values() if score.get("n")]
    if sizes and max(sizes) < _FEW_ROWS:
        found.append(say("serve.card_limit_small", lang, n=max(sizes)))
    if about.get("weak_labels"):
        found.append(say("serve.card_limit_weak", lang))
    licence = str(about.get("licence") or data.get("licence") or "")
    if "-nc" in licence.casefold() or "research" in licence.casefold():
        found.append(say("serve.card_limit_licence", lang, licence=licence))
    yield f"## {say('serve.card_limits', lang)}"
    yield "\n".join(f"- {limit}" for limit in found)
    if about.get("makna"):
        yield say("serve.card_made_with", lang, version=about["makna"])


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(_plain(cell).replace("|", "\\|") for cell in cells) + " |"


def _plain(value: Any) -> str:
    return " ".join(str(value).split())


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
