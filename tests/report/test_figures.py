import re
import sys
import xml.etree.ElementTree as ElementTree

import matplotlib as mpl
import numpy as np
import pytest

from makna.report.charts import Dot, bars, dots, histogram, matrices, short, styled
from makna.report.confusions import confusion_panels
from makna.report.figures import class_counts, figures_of, inline_svg, make_figures, svg_of
from makna.report.language import Locale
from makna.report.naming import figure_name
from makna.report.reading import read_run

ID = Locale("id")
EXPECTED = {
    "text": ["systems", "classes", "confusion-counts-svm", "confusion-words-logistic", "confusion-counts-bayes"],
    "pair": ["systems", "classes", "confusion-overlap-svm", "confusion-counts-pairs", "groups"],
    "number": [
        *("systems", "numbers", "agreement-overlap-ridge", "agreement-counts-svr"),
        *("mark-shares", "errors-by-mark", "groups"),
    ],
    "outputs": ["systems", "classes", "confusion-counts-svm", "confusion-counts-logistic"],
    "reviews": [
        *("systems", "classes", "confusion-counts-svm", "confusion-words-bayes"),
        *("learning-curve", "groups"),
    ],
    "tuned": [
        *("systems", "classes"),
        *("training-accuracy-minilm", "training-loss-minilm", "trials-accuracy-minilm", "trials-loss-minilm"),
        *("settings-minilm", "confusion-minilm", "confusion-counts-svm", "confusion-minilm-svm", "groups"),
    ],
    "grid": [
        *("systems", "cells-encoder-pca-svm-minilm"),
        *(f"folds-encoder-pca-svm-minilm--kernel-{kernel}" for kernel in ("linear", "poly")),
        *("classes", "components-encoder-pca-svm-minilm", "training-accuracy-minilm", "training-loss-minilm"),
        *("confusion-minilm", "confusion-counts-svm", "confusion-encoder-pca-svm-minilm--pca-50--kernel-poly"),
    ],
}


def texts(svg):
    return [
        "".join(node.itertext()).strip()
        for node in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    ]


@pytest.mark.parametrize("kind", EXPECTED)
def test_a_run_has_its_figures(run_folder, kind):
    assert list(figures_of(read_run(run_folder(kind)), ID)) == EXPECTED[kind]


@pytest.mark.parametrize("kind", EXPECTED)
def test_every_figure_names_both_axes(run_folder, kind):
    for name, draw in figures_of(read_run(run_folder(kind)), ID).items():
        with styled():
            axes = draw().axes
        assert any(ax.get_xlabel() for ax in axes), name
        assert any(ax.get_ylabel() for ax in axes), name


@pytest.mark.parametrize("share", [0.5, 0.7, 0.8, 0.85, 0.95, 1.0])
def test_numbers_in_a_matrix_stand_out_from_their_shade(share):
    def luminance(colour):
        channels = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in mpl.colors.to_rgb(colour)]
        return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]

    n = round(1000 * share)
    with styled():
        ax = matrices([("", ["a", "b"], np.array([[n, 1000 - n], [0, 1000]]))], ("x", "y"), ID).axes[0]
    shade = ax.collections[0].to_rgba(n / 1000)
    text = next(text for text in ax.texts if text.get_text() == ID.whole(n))
    light, dark = sorted((luminance(shade[:3]), luminance(text.get_color())), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4


def test_figures_are_written_alike_each_time(run_folder):
    folder = run_folder("pair")
    before, known = dict(mpl.rcParams), set(sys.modules)
    names = make_figures(folder, "id")
    files = {path.name: path.read_bytes() for path in (folder / "figures").iterdir()}
    assert set(files) == {f"{name}.{kind}" for name in names for kind in ("svg", "png")}
    assert make_figures(folder, "id") == names
    assert {path.name: path.read_bytes() for path in (folder / "figures").iterdir()} == files
    assert all(data.startswith(b"\x89PNG") for name, data in files.items() if name.endswith("png"))
    assert not any(b"<dc:date>" in data for data in files.values())
    assert dict(mpl.rcParams) == before
    assert "matplotlib.pyplot" not in set(sys.modules) - known


def test_the_axes_speak_the_language(run_folder):
    folder = run_folder("text")
    shown = {}
    for lang in ("id", "en"):
        make_figures(folder, lang)
        shown[lang] = texts((folder / "figures" / "systems.svg").read_text(encoding="utf-8"))
    assert "F1 rata-rata makro, dengan selang kepercayaan 95\u00a0%" in " ".join(shown["id"])
    assert "macro-F1, with 95% interval" in " ".join(shown["en"])
    assert "0,898" in shown["id"]
    assert "0.898" in shown["en"]


def test_a_confusion_figure_shows_counts_and_row_shares(run_folder):
    run = read_run(run_folder("text"))
    with styled():
        shown = texts(svg_of(figures_of(run, Locale("en"))["confusion-counts-svm"]()))
    matrix = np.array([[6735, 692], [655, 4939]])
    assert {f"{count:,}" for count in matrix.ravel()} <= set(shown)
    assert {f"{share:.1%}" for share in (matrix / matrix.sum(axis=1, keepdims=True)).ravel()} <= set(shown)
    assert {"prediction", "true class"} <= set(shown)


def test_several_outputs_have_a_matrix_each(run_folder):
    panels = confusion_panels(read_run(run_folder("outputs")), "counts-svm")
    assert [output for output, _, _ in panels] == ["harga", "kualitas", "pengiriman", "kemasan"]
    assert panels[0][2].tolist() == [[48, 6, 6], [2, 18, 2], [12, 12, 94]]


def test_a_matrix_that_does_not_fit_its_labels_is_left_out(run_folder):
    changes = {"metrics": {"systems>counts-svm>confusion>test": {"": [[1, 2, 3]]}}}
    assert confusion_panels(read_run(run_folder("text", changes)), "counts-svm") == []


def test_strange_class_names_are_drawn_as_they_are():
    labels = ["$a_b", "<b>&", 'id="x"', "😡 日本", ""]
    with styled():
        svg = svg_of(matrices([("", labels, np.eye(5, dtype=int))], ("prediksi", "kelas"), ID))
        bar = svg_of(bars(dict.fromkeys(labels, 3), ("baris", "kelas"), ID))
    assert {"$a_b", "<b>&", 'id="x"', "😡 日本", "∅"} <= set(texts(svg)) & set(texts(bar))


@pytest.mark.parametrize("classes", [2, 12, 40])
def test_large_matrices_still_fit(classes):
    labels = [f"kelas nomor {i}" for i in range(classes)]
    with styled():
        figure = matrices([("", labels, np.ones((classes, classes), dtype=int))], ("x", "y"), ID)
        shown = texts(svg_of(figure))
    assert figure.get_figwidth() < 9
    assert labels[-1] in shown
    assert ("1" in shown) == (classes <= 15)


def test_dots_have_their_intervals_inside_the_axes():
    rows = [Dot("a", 0.5, 0.2, 0.9), Dot("b", 0.4, None, None, hollow=True)]
    with styled():
        figure = dots(rows, ("nilai", "sistem"), ID, reference=0.4)
    low, high = figure.axes[0].get_xlim()
    assert low < 0.2 < 0.9 < high
    assert [text.get_text() for text in figure.axes[0].texts] == ["0,500", "0,400"]


@pytest.mark.parametrize("name", ["a", "encoder-pca-svm-minilm[pca=50,kernel=poly]"])
def test_long_names_and_axes_stay_inside_the_figure(name):
    axis = "pengiriman dan pelayanan: akar galat kuadrat rata-rata (RMSE), dengan selang kepercayaan 95 %"
    with styled():
        figure = dots([Dot(name, 0.5, 0.2, 0.9)], (axis, "sistem"), ID)
        svg_of(figure)
        box = figure.get_tightbbox()
    assert box.x0 >= 0
    assert box.x1 <= figure.get_figwidth()


@pytest.mark.parametrize(("values", "n_bars"), [([0, 0.5, 0.5, 1], 3), (np.linspace(0, 5, 400), 20), ([2.0], 5)])
def test_a_histogram_counts_every_number(values, n_bars):
    with styled():
        heights = [bar.get_height() for bar in histogram(np.asarray(values, float), ("x", "y"), ID).axes[0].patches]
    assert (len(heights), sum(heights)) == (n_bars, len(values))


def test_classes_stand_in_the_order_of_the_labels(run_folder):
    changes = {"data": {"classes": {"": {"1": 3, "0": 9, "2": None}}}}
    assert list(class_counts(read_run(run_folder("text", changes)), "").items()) == [("0", 9), ("1", 3)]


def test_inline_figures_share_no_ids():
    with styled():
        svg = svg_of(bars({'href="#p"': 2, "b": 1}, ("baris", "kelas"), ID))
    one, two = (inline_svg(svg, name, 'A "title" & <more>') for name in ("one", "two"))
    ids = [set(re.findall(r'\bid="([^"]+)"', element)) for element in (one, two)]
    assert ids[0]
    assert not ids[0] & ids[1]
    for element, known in zip((one, two), ids, strict=True):
        used = re.findall(r'(?:xlink:href="#|url\(#)([^")]+)', element)
        assert used
        assert set(used) <= known
        root = ElementTree.fromstring(element)
        assert root.get("aria-label") == 'A "title" & <more>'
    assert 'href="#p"' in texts(one)
    assert "<metadata" not in one


@pytest.mark.parametrize(
    ("system", "name"),
    [
        ("counts-svm", "confusion-counts-svm"),
        ("e[pca=50,kernel=poly]", "confusion-e--pca-50--kernel-poly"),
        ("../a b/ç", "confusion-.._a_b__"),
    ],
)
def test_file_names_are_safe(system, name):
    assert figure_name("confusion", system) == name


def test_two_systems_never_share_a_figure(run_folder):
    folder = run_folder("text")
    path = folder / "metrics.json"
    path.write_text(path.read_text().replace('"counts-svm"', '"a b"').replace('"words-logistic"', '"a/b"'))
    names = list(figures_of(read_run(folder), ID))
    assert len([name for name in names if name.startswith("confusion-")]) == 3


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("counts-svm", "counts-svm"),
        ("a" * 31, "a" * 29 + "…"),
        ("encoder-pca-svm-minilm[pca=50,kernel=poly]", "encoder-p…[pca=50,kernel=poly]"),
        ("a[" + "b" * 40 + "]", "a[" + "b" * 27 + "…"),
    ],
)
def test_the_settings_of_a_cell_stay_in_sight_where_its_name_is_cut(name, shown):
    assert short(name) == shown
