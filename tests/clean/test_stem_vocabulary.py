"""Stems kept between runs, and the second process: faster, never wrong, never an error."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import makna.clean.stem_vocabulary as vocabulary
import makna.clean.stem_worker as worker
from makna.clean.sastrawi import root_words
from makna.clean.stem import Stem
from makna.clean.stem_rules import Stemmed, StemRules
from makna.core.files import scratch_of

RULES = StemRules({"bekasi": Stemmed("bekasi", "makna", "name")})
WORDS = [f"me{word}kan" for word in sorted(root_words())[::40]]
TEXT = " ".join(WORDS)
EXPECTED = " ".join(map(RULES.stem, WORDS))


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MAKNA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(vocabulary, "_IN_USE", {})
    return tmp_path / "cache" / "stems"


def fresh_run(rules=RULES, words=WORDS):
    """Stem as a process does that has just begun."""
    made = vocabulary.Vocabulary(rules)
    made.learn(set(words))
    return " ".join(map(made.__getitem__, words))


def forbid(monkeypatch, what="stem_words"):
    def refuse(*_):
        raise AssertionError("nothing is left to be stemmed")

    monkeypatch.setattr(vocabulary, what, refuse)


def test_a_second_run_stems_nothing(cache, monkeypatch):
    assert len(WORDS) > vocabulary.WORTH_KEEPING
    assert fresh_run() == EXPECTED
    assert [path.name for path in cache.iterdir()] == [f"{RULES.key}.txt"]
    forbid(monkeypatch)
    assert fresh_run() == EXPECTED


def test_each_distinct_word_is_stemmed_once(monkeypatch):
    seen = []
    monkeypatch.setattr(vocabulary, "stem_words", lambda rules, words: seen.extend(words) or list(words))
    step = Stem().resolve()
    step.apply_all(["makan di bali", "bali makan makan"])
    step.apply_all(["makan nasi"])
    Stem().resolve().apply("nasi")
    assert seen == ["bali", "di", "makan", "nasi"]


def test_other_exceptions_have_another_file(cache):
    others = [
        RULES,
        StemRules({"bekasi": Stemmed("bekas")}),
        StemRules(RULES.known, informal=False),
        StemRules({}),
    ]
    assert len({rules.key for rules in others}) == len(others)
    # Where a row came from changes no stem.
    assert StemRules({"bekasi": Stemmed("bekasi", "mine.tsv")}).key == RULES.key
    fresh_run()
    assert fresh_run(others[1], [*WORDS, "bekasi"]).endswith(" bekas")
    assert len(list(cache.iterdir())) == 2


def test_few_new_words_write_nothing(cache):
    fresh_run(words=WORDS[:50])
    assert not cache.exists()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path, data: path.write_bytes(b""),
        lambda path, data: path.write_bytes(data[: len(data) // 2]),
        lambda path, data: path.write_bytes(data.replace(b"me", b"ma", 1)),
        lambda path, data: path.write_bytes(data + b"\tx"),
        lambda path, data: path.write_bytes(os.urandom(4000)),
        lambda path, data: path.write_bytes(b"\xff\n" + data),
        lambda path, data: (path.unlink(), path.mkdir()),
        lambda path, data: path.unlink(),
    ],
)
def test_a_broken_file_is_read_as_none(cache, spoil):
    fresh_run()
    path = cache / f"{RULES.key}.txt"
    whole = path.read_bytes()
    spoil(path, whole)
    assert fresh_run() == EXPECTED
    assert path.is_dir() or path.read_bytes() == whole, "written anew"


@pytest.mark.parametrize("place", ["a file", "no\0name", "~nobody-of-that-name/x", "/proc/nowhere"])
def test_an_unusable_folder_is_no_error(tmp_path, monkeypatch, place):
    if place == "a file":
        (tmp_path / "file").write_text("here")
        place = str(tmp_path / "file")
    # An environment variable cannot hold a NUL; a folder that was set otherwise may.
    monkeypatch.setattr(vocabulary, "cache_folder", lambda: Path(place).expanduser())
    assert fresh_run() == EXPECTED
    assert fresh_run() == EXPECTED


def test_a_full_disk_is_no_error(monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(vocabulary, "write_text", full)
    assert fresh_run() == EXPECTED


def test_files_and_words_are_capped(cache, monkeypatch):
    monkeypatch.setattr(vocabulary, "MOST_ON_DISK", len(WORDS) - 10)
    assert fresh_run() == EXPECTED
    assert len(vocabulary._read(RULES.key)) == len(WORDS) - 10
    for number in range(vocabulary.MOST_FILES + 2):
        fresh_run(StemRules({"bekasi": Stemmed(f"bekasi{number}")}))
    half = scratch_of(cache / "half.txt")
    half.write_text("")
    os.utime(half, (0, 0))
    fresh_run(StemRules({}))
    assert len(list(cache.iterdir())) == vocabulary.MOST_FILES


def test_words_in_memory_are_capped(monkeypatch):
    monkeypatch.setattr(vocabulary, "MOST_IN_MEMORY", 100)
    made = vocabulary.Vocabulary(RULES)
    for start in range(0, 600, 60):
        made.learn(set(WORDS[start : start + 60]))
        assert len(made) <= 100
    assert " ".join(map(made.__getitem__, WORDS)) == EXPECTED


def test_what_another_run_wrote_meanwhile_is_kept(monkeypatch):
    monkeypatch.setattr(vocabulary, "WORTH_KEEPING", 1)
    one, two = vocabulary.Vocabulary(RULES), vocabulary.Vocabulary(RULES)
    for made in (one, two):
        made._is_read = True  # both looked before either wrote
    one.learn(set(WORDS[::2]))
    two.learn(set(WORDS[1::2]))
    assert set(vocabulary._read(RULES.key)) == set(WORDS)


_SCRIPT = """
import sys
import makna.clean.stem_worker as worker
from makna.clean.stem import Stem
print("begins")
worker.ENOUGH_WORDS = {enough}
worker.may_start_process = lambda: True
sys.stdout.write(Stem(table=False).resolve().apply(open(sys.argv[1]).read()))
"""


def start(script, text, cache):
    env = {**os.environ, "MAKNA_CACHE": str(cache)}
    return subprocess.Popen([sys.executable, str(script), str(text)], stdout=subprocess.PIPE, env=env, text=True)


def test_runs_beside_each_other_and_a_script_without_a_guard(tmp_path, cache):
    text = tmp_path / "text.txt"
    text.write_text(TEXT)
    script = tmp_path / "script.py"
    script.write_text(_SCRIPT.format(enough=1))
    expected = "begins\n" + Stem(table=False).resolve().apply(TEXT)
    running = [start(script, text, tmp_path / "both") for _ in range(2)]
    assert [process.communicate(timeout=60)[0] for process in running] == [expected, expected]
    (path,) = (tmp_path / "both" / "stems").iterdir()
    rules = StemRules({})
    assert path.name == f"{rules.key}.txt"
    path.replace(vocabulary.stems_file(rules.key))
    assert set(vocabulary._read(rules.key)) == set(WORDS)


def test_the_second_process_answers_alike():
    words = [*WORDS[:300], "bekasi", "dengerin", "ſaya"]
    for some in (words, words[:1], words[:2], []):
        assert worker.with_helper(RULES, some) == list(map(RULES.stem, some))


@pytest.mark.parametrize(
    "program",
    [
        "raise SystemExit(1)",
        "print('[]')",
        "print('no json')",
        "import sys; sys.stdin.read(); print([1] * 50)",
        "import os; os.close(0); os.close(1)",
        "import time; time.sleep(60)",
    ],
)
def test_a_helper_that_fails_is_done_without(monkeypatch, program):
    original = subprocess.Popen
    monkeypatch.setattr(worker, "_GRACE", 0.3)
    monkeypatch.setattr(
        worker.subprocess, "Popen", lambda order, **how: original([sys.executable, "-c", program], **how)
    )
    assert worker.with_helper(RULES, WORDS[:100]) == list(map(RULES.stem, WORDS[:100]))


def test_a_helper_that_cannot_start_is_done_without(monkeypatch):
    monkeypatch.setattr(worker.sys, "executable", "/nowhere/python")
    assert worker.with_helper(RULES, WORDS[:10]) == list(map(RULES.stem, WORDS[:10]))


def test_an_interrupt_leaves_no_helper_behind(monkeypatch):
    started = []
    original = worker._start
    monkeypatch.setattr(worker, "_start", lambda: started.append(original()) or started[0])

    def interrupted(self, word):
        raise KeyboardInterrupt

    monkeypatch.setattr(StemRules, "stem", interrupted)
    with pytest.raises(KeyboardInterrupt):
        worker.with_helper(RULES, WORDS)
    assert started[0].poll() is not None


def test_where_a_second_process_is_not_wanted(monkeypatch):
    monkeypatch.setattr(worker, "_has_free_core", lambda: True)
    assert worker.may_start_process()
    found = []
    thread = threading.Thread(target=lambda: found.append(worker.may_start_process()))
    thread.start()
    thread.join()
    assert found == [False]
    for name, value in (("executable", "/usr/sbin/uwsgi"), ("executable", None), ("frozen", True)):
        with monkeypatch.context() as patch:
            patch.setattr(worker.sys, name, value, raising=False)
            assert not worker.may_start_process()
    with monkeypatch.context() as patch:
        patch.setattr(worker.multiprocessing.current_process(), "name", "SpawnPoolWorker-1")
        assert not worker.may_start_process()
    with monkeypatch.context() as patch:
        patch.setenv("RAY_RAYLET_PID", "1")
        assert not worker.may_start_process()
    monkeypatch.setattr(worker, "_has_free_core", lambda: False)
    assert not worker.may_start_process()


@pytest.mark.parametrize(("cores", "load", "free"), [(1, 0.0, False), (2, 0.9, True), (2, 1.9, False), (8, 3.0, True)])
def test_a_busy_machine_gets_no_second_process(monkeypatch, cores, load, free):
    monkeypatch.setattr(worker.os, "sched_getaffinity", lambda _: range(cores), raising=False)
    monkeypatch.setattr(worker.os, "getloadavg", lambda: (load, load, load), raising=False)
    assert worker._has_free_core() == free


def test_few_words_start_no_process(monkeypatch):
    monkeypatch.setattr(worker, "may_start_process", lambda: True)
    monkeypatch.setattr(worker, "with_helper", lambda rules, words: ["helped"] * len(words))
    assert worker.stem_words(RULES, WORDS) == list(map(RULES.stem, WORDS))
    monkeypatch.setattr(worker, "ENOUGH_WORDS", 2)
    assert worker.stem_words(RULES, ["a", "b"]) == ["helped", "helped"]
