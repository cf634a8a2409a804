from makna.report.blocks import Cell
from makna.report.cells import chunks, score_cell
from makna.report.language import Locale


def test_chunks_keep_all_in_order():
    assert [list(few) for few in chunks([1, 2, 3, 4, 5], 2)] == [[1, 2], [3, 4], [5]]


def test_a_score_shows_its_interval_or_why_there_is_none():
    score = {"value": 0.5, "pooled": 0.6, "low": 0.4, "high": 0.7}
    assert score_cell(score, Locale("en")) == Cell("0.500", "[0.400, 0.700]\n(pooled 0.600)")
    assert score_cell({"value": None, "why": "no_rows"}, Locale("en")) == Cell("–", "undefined: no rows")
    assert score_cell({}, Locale("en")) == Cell("–")
