"""makna-mini: its corpus has no judged text, its vocabulary loses nothing, its run resumes, its package is found."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makna.core.corpus import normalised as makna_normalised
from makna.core.errors import DataError, ModelError
from makna.represent.encoder_source import describe, encoders_here, load_network, load_tokenizer, locate_encoder
from makna.represent.encoder_store import whole
from makna.represent.words import Words

torch: Any = pytest.importorskip("torch")
pytest.importorskip("transformers")
ROOT = Path(__file__).parents[2]
MINI = ROOT / "mini" / "makna_mini"
TEXTS = [
    f"{who} {what} {where} , {how} {tail}"
    for who in ("kurirnya", "penjualnya", "guru itu", "hp ini", "gw sama lo")
    for what in ("mengirim barang", "membaca buku tebal", "ga bisa dipake", "menjawab cepat banget")
    for where in ("di rumah", "di sekolah", "kemarin malam")
    for how, tail in (("mantap", "sekali"), ("kecewa", "deh"), ("biasa aja", "sih"))
]
JUDGED = [
    ("smsa-valid", "Hotel ini bersih sekali dan sangat nyaman untuk keluarga"),
    ("hate-speech", "satu dua tiga empat lima enam tujuh delapan sembilan sepuluh sebelas duabelas tigabelas"),
]


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The repository's own folder on the path, one thread, a cache of its own, no other encoders."""
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "false")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    monkeypatch.syspath_prepend(str(ROOT))
    monkeypatch.setenv("MAKNA_OFFLINE", "1")
    monkeypatch.setenv("MAKNA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.delenv("MAKNA_ENCODERS", raising=False)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run prepared as `pretrain.train` does, of a few sentences and a network of one layer."""
    sys.path.insert(0, str(ROOT))
    try:
        from pretrain import batches, corpus, sources, vocabulary
        from pretrain.checkpoint import weights
    finally:
        sys.path.remove(str(ROOT))
    from safetensors.torch import save_file
    from transformers import BertConfig, BertForMaskedLM

    out = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        source = sources.Source("own", "informal", "own", 10**6, 1, lambda data: iter(TEXTS))
        patch.setattr(corpus, "SOURCES", (source,))
        patch.setattr(corpus, "VALID_IN", 10)
        patch.setattr(corpus, "corpus_lines", lambda data: {})
        patch.setattr(corpus, "judged_texts", lambda data: iter(JUDGED))
        corpus.build(out, out)
    vocabulary.save(vocabulary.train(iter(TEXTS), 700), out / "tokenizer")
    batches.tokenise(out)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=700, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=512, tie_word_embeddings=True,
    )  # fmt: skip
    (out / "start").mkdir()
    save_file(weights(BertForMaskedLM(config)), out / "start/model.safetensors")
    config.to_json_file(out / "start/config.json")
    return out


def test_the_form_in_which_texts_are_the_same_is_that_of_makna() -> None:
    from pretrain.texts import normalised

    @settings(max_examples=300, deadline=None)
    @given(st.text())
    def same(text: str) -> None:
        assert normalised(text) == makna_normalised(text)

    same()


def test_judged_texts_are_kept_out_whole_inside_others_and_in_long_runs() -> None:
    from pretrain.held_back import HeldBack

    held = HeldBack(JUDGED)
    assert held.why("HOTEL ini bersih -- sekali dan sangat nyaman untuk keluarga!!") == "same"
    assert held.why("kata tamu: hotel ini bersih sekali dan sangat nyaman untuk keluarga besar kami") == "contains"
    assert held.why("nol satu dua tiga empat lima enam tujuh delapan sembilan sepuluh sebelas duabelas") == "run"
    assert held.why("nol satu dua tiga empat lima enam tujuh delapan sembilan sepuluh sebelas") is None
    assert held.why("Hotel ini bersih sekali") is None


def test_the_corpus_has_each_text_once_and_the_check_finds_a_planted_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pretrain import check_corpus, corpus, sources

    texts = ["Barangnya bagus banget gan", "barangnya BAGUS banget, gan", JUDGED[0][1].upper(), "kecewa sama kurirnya"]
    monkeypatch.setattr(
        corpus, "SOURCES", (sources.Source("own", "informal", "own", 10**6, 1, lambda data: iter(texts)),)
    )
    for module in (corpus, check_corpus):
        monkeypatch.setattr(module, "judged_texts", lambda data: iter(JUDGED))
    monkeypatch.setattr(corpus, "corpus_lines", lambda data: {})
    account = corpus.build(tmp_path, tmp_path)["sources"][0]
    assert account["dropped"] == {"judged: same": 1, "seen already": 1}
    assert account["lines"] + account["valid_lines"] == 2
    assert check_corpus.check(tmp_path, tmp_path)["found"] == []
    with (tmp_path / "corpus/own.train.txt").open("a", encoding="utf-8") as stream:
        stream.write("kutipan: " + JUDGED[1][1] + "\n")
    assert [hit["set"] for hit in check_corpus.check(tmp_path, tmp_path)["found"]] == ["hate-speech"]


def test_the_vocabulary_round_trips_any_text(run_folder: Path) -> None:
    from tokenizers import Tokenizer

    from pretrain.vocabulary import decode, words_of

    tokenizer = Tokenizer.from_file(str(run_folder / "tokenizer/tokenizer.json"))
    tokenizer.encode_special_tokens = True  # a text may hold "[MASK]" as text

    def there_and_back(text: str) -> None:
        pieces = tokenizer.encode(text, add_special_tokens=False).tokens
        assert "[UNK]" not in pieces
        assert decode(pieces) == words_of(tokenizer, text)

    for text in ("Bagussss bgt 😂👍🏽 [MASK] ##a é", "漢字" * 200, "x" * 1000, "ß\u0600ﷺ", "#", "##"):
        there_and_back(text)
    settings(max_examples=300, deadline=None)(given(st.text())(there_and_back))()


def test_the_same_seed_and_step_give_the_same_loss_and_a_killed_run_goes_on(run_folder: Path, tmp_path: Path) -> None:
    import shutil

    from pretrain.settings import Settings
    from pretrain.train import Run

    chosen = Settings(batch_tokens=96, warmup=2, bf16=False)
    straight, killed = tmp_path / "straight", tmp_path / "killed"
    for out in (straight, killed):
        shutil.copytree(run_folder, out)
    run = Run(straight, chosen, "cpu")
    losses = [run.step() for _ in range(8)]
    assert losses[-1] != losses[0]
    # It stops without warning two steps after a checkpoint, while the next one is being written.
    run = Run(killed, chosen, "cpu")
    first = [run.step() for _ in range(3)]
    run.save()
    lost = [run.step() for _ in range(2)]
    (killed / "checkpoint.new").mkdir()
    (killed / "checkpoint.new/model.safetensors").write_bytes(b"half")
    again = Run(killed, chosen, "cpu")
    assert again.at["step"] == 3
    assert [*first, *(again.step() for _ in range(5))] == losses
    assert lost == losses[3:5]
    again.save()
    assert sorted(path.name for path in (killed / "checkpoint").iterdir()) == [
        "model.safetensors", "optimiser.safetensors", "position.json",
    ]  # fmt: skip


def test_masks_cover_whole_words_and_learning_lowers_the_loss(run_folder: Path, tmp_path: Path) -> None:
    import shutil

    from pretrain.batches import MASK, NO_TARGET
    from pretrain.settings import Settings
    from pretrain.train import Run

    out = tmp_path / "run"
    shutil.copytree(run_folder, out)
    run = Run(out, Settings(batch_tokens=512, warmup=5, rate=5e-3, rate_rows=5e-3, rate_head=5e-3, bf16=False), "cpu")
    ids, _ = run.rows.padded(run.rows.epoch(1, 0, 2048)[0])
    inputs, targets = run.rows.masked(ids, 0.25, 1, 2)
    chosen = targets != NO_TARGET
    assert 0.1 < chosen.mean() < 0.4
    assert (inputs[chosen] == MASK).mean() > 0.6
    assert (inputs[~chosen] == ids[~chosen]).all()
    inside = ~run.rows.starts[ids[:, 1:]] & (ids[:, 1:] > MASK)
    assert (chosen[:, 1:][inside] == chosen[:, :-1][inside]).all()
    before = run.measure()
    for _ in range(60):
        run.step()
    assert run.measure()["valid_loss"] < before["valid_loss"] - 1


def test_the_rate_rises_stays_and_falls() -> None:
    from pretrain.settings import Settings

    chosen = Settings(warmup=10, decay=20)
    assert [chosen.factor(step, None) for step in (0, 9, 500)] == [0.1, 1.0, 1.0]
    falling = [chosen.factor(step, 100) for step in (99, 100, 109, 119, 300)]
    assert falling == pytest.approx([1.0, 0.95, 0.5, 0.05, 0.05])


def test_an_exported_encoder_is_found_and_computes_what_it_was_packed_from(
    run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from safetensors.torch import load_file
    from transformers import BertConfig, BertModel

    from pretrain.export import export, packed, unpacked

    export(run_folder, tmp_path / "package", weights="start")
    (tmp_path / "store").mkdir()
    (tmp_path / "package/model").rename(tmp_path / "store/makna-mini")
    monkeypatch.setenv("MAKNA_ENCODERS", str(tmp_path / "store"))
    source = locate_encoder("makna-mini")
    assert "makna-mini" in encoders_here()
    assert describe(source)["layers"] == 1
    tensors = load_file(run_folder / "start/model.safetensors")
    own = {name.removeprefix("bert."): value for name, value in tensors.items() if name.startswith("bert.")}
    small = unpacked(packed(own))
    # int8: at most half a step of the row's own scale away.
    for name, value in own.items():
        step = value.abs().amax(dim=-1, keepdim=True) / 127
        assert ((small[name] - value).abs() <= 0.51 * step + value.abs() * 2**-10).all(), name
    by_hand = BertModel(BertConfig.from_json_file(run_folder / "start/config.json"), add_pooling_layer=False)
    by_hand.load_state_dict(small)
    tokenizer = load_tokenizer(source)
    rows = tokenizer(["kurirnya mantap sekali 😂"], return_tensors="pt")
    assert tokenizer.unk_token_id not in rows["input_ids"][0]
    with torch.no_grad():
        found = load_network(source)(**rows).last_hidden_state
        assert torch.allclose(found, by_hand.eval()(**rows).last_hidden_state, atol=1e-6)


def test_int8_weights_come_back_row_by_row_and_broken_ones_are_refused(
    run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pretrain.export import export

    matrix = {"m": np.array([[127, -2], [3, 127]], np.int8), "m.scale": np.array([0.5, 2], np.float16)}
    assert whole(matrix)["m"].tolist() == [[63.5, -1.0], [6.0, 254.0]]
    export(run_folder, tmp_path / "package", weights="start")
    (tmp_path / "package/model/model.int8.safetensors").write_bytes(b"no weights at all")
    with pytest.raises(ModelError) as refused:
        locate_encoder(str(tmp_path / "package/model"))
    assert refused.value.key == "represent.encoder_broken"


def _package_of_vectors(folder: Path) -> None:
    from safetensors.numpy import save_file

    (folder / "vectors").mkdir(parents=True)
    (folder / "__init__.py").write_text("raise ImportError('data only')\n")
    tensors = {
        "matrix": np.array([[127, 0], [0, 127]], np.int8), "matrix.scale": np.array([0.01, 0.02], np.float16),
        "grams": np.array([[127, 127]], np.int8), "grams.scale": np.array([0.01], np.float16),
        "gram_numbers": np.array([0], np.int32),
    }  # fmt: skip
    save_file(tensors, folder / "vectors/vectors.int8.safetensors")
    (folder / "vectors/words.txt").write_text("bagus\nburuk\n", "utf-8")
    about = {"words": 2, "width": 2, "min_n": 3, "max_n": 5, "buckets": 1}
    (folder / "vectors/about.json").write_text(json.dumps(about))


def test_packaged_vectors_are_found_by_name_without_importing_their_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _package_of_vectors(tmp_path / "site/makna_mini")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    step = Words(vectors="makna-mini", size=2).fit(["bagus", "buruk sekali"])
    expected = [[127 * float(np.float16(0.01)), 0.0]]
    assert step.transform(["bagus"]).tolist() == pytest.approx(np.array(expected))
    # A word that is not among them has the mean of its n-grams.
    assert step.transform(["cantik"])[0] == pytest.approx([127 * float(np.float16(0.01))] * 2)
    assert step.facts_["words"]["file"]["file"] == "makna-mini"
    with pytest.raises(DataError) as other_width:
        Words(vectors="makna-mini", size=3).fit(["bagus"])
    assert other_width.value.key == "represent.vectors_width"


def test_what_is_not_installed_is_named_with_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from makna.represent import encoder_source, word_package

    for module in (encoder_source, word_package):
        monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(DataError, match="pip install") as no_vectors:
        Words(vectors="makna-mini").fit(["bagus"])
    assert no_vectors.value.key == "represent.vectors_not_installed"
    with pytest.raises(ModelError, match=r"pip install \./mini") as no_encoder:
        locate_encoder("makna-mini")
    assert no_encoder.value.key == "represent.no_encoder"
    assert no_encoder.value.fields["hint"] == ""


shipped = pytest.mark.skipif(not (MINI / "model").is_dir(), reason="the data package has no files yet")


@shipped
def test_the_shipped_package_is_small_and_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(MINI.parent))
    assert sum(path.stat().st_size for path in MINI.rglob("*") if path.is_file()) <= 30_000_000
    source = locate_encoder("makna-mini")
    about = describe(source)
    assert about["parameters"] <= 25_000_000
    tokenizer, network = load_tokenizer(source), load_network(source)
    assert network.config.vocab_size == len(tokenizer)
    words = Words(vectors="makna-mini").fit(["barangnya bagus banget"])
    vectors, known = words.word_vectors().vectors_of(["bagus", "keren", "fotosintesis"])
    assert known.all()
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    assert unit[0] @ unit[1] > unit[0] @ unit[2]


@shipped
def test_the_shipped_vocabulary_knows_formal_and_informal_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(MINI.parent))
    tokenizer = load_tokenizer(locate_encoder("makna-mini"))
    for word in ("pemerintah", "menggunakan", "banget", "gak", "bgt", "the", "government"):
        assert tokenizer.tokenize(word) == [word]
    assert len(tokenizer) <= 24_000


@pytest.mark.slow
@shipped
def test_the_data_package_installs_by_itself(tmp_path: Path) -> None:
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*install, "--target", str(tmp_path / "site"), str(MINI.parent)], check=True, capture_output=True)
    assert (tmp_path / "site/makna_mini/model/model.int8.safetensors").is_file()
    assert (tmp_path / "site/makna_mini/vectors/words.txt").is_file()


@pytest.mark.data
@pytest.mark.slow
def test_no_judged_text_is_in_the_corpus_of_the_public_data(tmp_path: Path) -> None:
    import os

    from pretrain import check_corpus, corpus

    data: Any = Path(os.environ["MAKNA_DATA"])
    corpus.build(data, tmp_path)
    result = check_corpus.check(data, tmp_path)
    assert result["lines"] > 100_000
    assert result["found"] == []


def test_ngrams_are_hashed_as_makna_reads_them_and_bring_like_words_near() -> None:
    from makna.represent.word_vectors import Grams, gram_hash, grams_of
    from pretrain import vectors

    words = ["bagus", "bagusnya", "rusak", "rusaknya"]
    matrix = np.array([[1, 0], [0.9, 0.1], [0, 1], [0.1, 0.9]], np.float32)
    hashes = {gram_hash(gram) % vectors.BUCKETS for gram in grams_of("cémara2", vectors.MIN_N, vectors.MAX_N)}
    assert vectors.hashed("cémara2") == hashes
    numbers, found = vectors.gram_vectors(words, matrix)
    grams = Grams(numbers.astype(np.int64), found, vectors.MIN_N, vectors.MAX_N, vectors.BUCKETS)
    good, broken = grams.vector_of("bagusss"), grams.vector_of("rusakkk")
    assert good is not None
    assert broken is not None
    assert good[0] > good[1]
    assert broken[1] > broken[0]
