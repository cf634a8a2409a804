import pytest

from makna.report.blocks import Code, Listing, Paragraph, spans
from makna.report.citing import LIBRARIES, cite_section
from makna.report.language import Locale
from makna.report.reading import read_run

EN = Locale("en")


def of(section, kind):
    return [block for block in section.blocks if isinstance(block, kind)]


def libraries(run):
    lines = of(cite_section(run, EN), Listing)[0].points
    return ["".join(piece for piece, _ in spans(line)).partition(":")[0] for line in lines]


def test_citing_names_version_seed_and_data(run_folder):
    section = cite_section(read_run(run_folder("text")), EN)
    assert "year = {2025}" in of(section, Code)[0].text
    assert "version = {0.1.0}" in of(section, Code)[0].text
    told = " ".join(b.text for b in of(section, Paragraph))
    assert "Ibrohim & Budi (2019)" in told
    assert "seed 13" in told


def test_the_citation_of_the_data_goes_before_its_source(run_folder):
    told = " ".join(b.text for b in of(cite_section(read_run(run_folder("reviews")), EN), Paragraph))
    assert "Data: Penulis, A. (2023). Ulasan kosmetik berbahasa Indonesia. Licence: CC BY 4.0." in told
    bare = read_run(run_folder("pair", {"manifest": {"data": {"rows": 500}}}))
    assert "who collected and labelled them" in " ".join(b.text for b in of(cite_section(bare, EN), Paragraph))


def test_libraries_are_those_that_the_systems_need(run_folder):
    assert libraries(read_run(run_folder("text"))) == ["scikit-learn 1.9.0", "numpy 2.4.6"]
    params = {
        "clean": ["stem"],
        "represent": [{"kind": "encoder", "settings": {"name": "minilm"}}],
        "learn": [{"kind": "svm", "settings": {}}],
    }
    changes = {"metrics": {"systems>overlap-svm>params": params}, "manifest": {"packages": {"torch": "2.13"}}}
    found = libraries(read_run(run_folder("pair", changes)))
    assert found == ["scikit-learn", "numpy", "torch 2.13", "transformers", "PySastrawi"]


@pytest.mark.parametrize("name", LIBRARIES)
def test_every_library_has_authors_and_a_year(name):
    assert any(f"({year})" in LIBRARIES[name] for year in range(2000, 2030))
