import json

import pytest

from makna.cli.main import run_command
from makna.collect.catalogue import dataset, datasets
from makna.collect.datasets import cache_folder
from makna.collect.licence import first_use


@pytest.fixture(autouse=True)
def _own_folders(tmp_path, monkeypatch):
    monkeypatch.setenv("MAKNA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MAKNA_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("MAKNA_OFFLINE", "1")


def test_terms_are_shown_once_a_set_and_again_where_they_changed():
    known = dataset("hate-speech")
    shown = first_use(known)
    for piece in (known.title, known.source, known.licence, known.citation):
        assert piece in shown
    assert first_use(known) == ""
    assert first_use(dataset("smsa")) != ""
    assert first_use(dataset("sample-tweets")) == ""
    seen = cache_folder() / "licences-shown.json"
    seen.write_text(json.dumps({**json.loads(seen.read_text()), "hate-speech": "CC0"}))
    assert known.licence in first_use(known)


@pytest.mark.parametrize("spoilt", ["{", "[]", "[" * 100_000, "\xff"])
def test_a_note_that_cannot_be_read_or_written_is_no_error(tmp_path, spoilt):
    cache_folder().mkdir()
    (cache_folder() / "licences-shown.json").write_bytes(spoilt.encode("latin-1"))
    assert first_use(dataset("smsa"))
    assert first_use(dataset("smsa")) == ""


def test_a_folder_that_cannot_be_made_is_no_error(tmp_path):
    cache_folder().write_text("a file in the way")
    assert first_use(dataset("smsa"))
    assert first_use(dataset("smsa"))


@pytest.mark.parametrize("lang", ["id", "en"])
def test_the_command_shows_them_before_the_first_use_and_not_again(tmp_path, capsys, lang):
    told = []
    for _ in range(2):
        # The data are not here: the terms come before any look for them.
        assert run_command(["run", "hate-speech", "--out", str(tmp_path / "run"), "--lang", lang]) == 2
        told.append(capsys.readouterr().err)
    for piece in ("CC BY-NC-SA 4.0", "github.com/okkyibrohim", "Ibrohim", "Lisensi" if lang == "id" else "Licence"):
        assert piece in told[0].partition("makna: ")[0]
    assert "Ibrohim" not in told[1]
    assert not (tmp_path / "run").exists()


def test_studies_shows_every_licence_and_downloads_nothing(capsys, monkeypatch):
    monkeypatch.delenv("MAKNA_OFFLINE")
    monkeypatch.setattr("makna.collect.datasets._download", lambda *args: pytest.fail("downloads"))
    assert run_command(["studies", "--lang", "en"]) == 0
    shown = capsys.readouterr().out
    assert "licence" in shown
    for name in ("hate-speech", "smsa"):
        assert datasets()[name].licence.split()[0] in shown
    assert "CC0" in shown
