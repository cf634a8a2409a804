"""A translation model in a local folder: a tiny Marian made here, and folders that hold none."""

from __future__ import annotations

import io
import json

import pytest

from makna.core.compute import Compute, computing
from makna.core.errors import DataError, ModelError
from makna.label.translate import Translator

torch = pytest.importorskip("torch")
sentencepiece = pytest.importorskip("sentencepiece")
transformers = pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def marian(tmp_path_factory):
    """A Marian model with random weights, its files as opus-mt's are."""
    folder = tmp_path_factory.mktemp("marian")
    sentences = ["barang bagus sekali", "tidak bagus", "kirim cepat", "good item", "not good", "fast delivery"]
    for side in ("source", "target"):
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(sentences * 20), model_writer=model, vocab_size=40, hard_vocab_limit=False,
            minloglevel=2,
        )  # fmt: skip
        (folder / f"{side}.spm").write_bytes(model.getvalue())
    reader = sentencepiece.SentencePieceProcessor(model_file=str(folder / "source.spm"))
    pieces = [reader.id_to_piece(i) for i in range(reader.get_piece_size())]
    names = ["</s>", "<unk>", *(p for p in pieces if p not in ("</s>", "<unk>", "<s>")), "<pad>"]
    vocabulary = {name: i for i, name in enumerate(names)}
    (folder / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    settings = {"source_lang": "id", "target_lang": "en", "tokenizer_class": "MarianTokenizer"}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    sizes = {f"{side}_{what}": n for side in ("encoder", "decoder")
             for what, n in (("layers", 1), ("attention_heads", 2), ("ffn_dim", 16))}  # fmt: skip
    pad = vocabulary["<pad>"]
    config = transformers.MarianConfig(
        vocab_size=len(names), d_model=8, max_position_embeddings=32, pad_token_id=pad, eos_token_id=0,
        decoder_start_token_id=pad, forced_eos_token_id=0, **sizes,
    )  # fmt: skip
    torch.manual_seed(0)
    transformers.MarianMTModel(config).save_pretrained(folder)
    return folder


@pytest.fixture(autouse=True)
def _one_thread():
    with computing(Compute("cpu", "fp32", 1)):
        yield


@pytest.mark.filterwarnings("ignore:Recommended")
def test_texts_are_translated_row_by_row(marian):
    texts = ["kirim cepat", "", "tidak bagus", "kirim cepat", " "]
    found = Translator(marian, batch_size=1, max_length=8).translate(texts)
    assert len(found) == 5
    assert found[0] == found[3]
    assert (found[1], found[4]) == ("", "")
    tokenizer = transformers.AutoTokenizer.from_pretrained(marian, local_files_only=True)
    network = transformers.AutoModelForSeq2SeqLM.from_pretrained(marian, local_files_only=True).eval()
    coded = tokenizer(["tidak bagus"], return_tensors="pt")
    plain = network.generate(**coded, max_length=8, num_beams=1, do_sample=False)
    assert found[2] == tokenizer.decode(plain[0], skip_special_tokens=True).strip()


def test_progress_is_told(marian):
    told = []
    Translator(marian, batch_size=2, max_length=4).translate(["a", "b", "c", "a"], lambda *said: told.append(said))
    assert told == [(2, 3), (3, 3)]


def test_nothing_is_downloaded(tmp_path, monkeypatch):
    with pytest.raises(DataError) as wrong:
        Translator(tmp_path / "opus-mt-id-en")
    assert wrong.value.key == "label.no_translator"
    assert "hf download" in str(wrong.value)
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(DataError) as wrong:
        Translator(tmp_path)
    assert wrong.value.fields["files"] == "model.safetensors"
    (tmp_path / "model.safetensors").write_bytes(b"no")
    with pytest.raises(ModelError) as wrong:
        Translator(tmp_path)
    assert wrong.value.key == "label.bad_translator"
