"""The vocabulary: lower-case WordPiece over bytes, so that no character of any text is ever unknown.

A text is normalised (NFKC, lower case, accents off, control characters off), split at white space and punctuation, and
every word's UTF-8 bytes are written as visible characters, ASCII as itself; WordPiece works on these. All 256 bytes are
pieces, at a word's start and inside it: what was never seen is spelled, not lost. `decode` gives back the normalised
words exactly; only white space beside punctuation is not kept.

``python -m pretrain.vocabulary --data DATA --out RUN --size 20000``
"""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from pretrain.corpus import lines_of, repeats
from pretrain.sources import frequent_words

LOG = logging.getLogger(__name__)
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
LONGEST_WORD = 256  # bytes; runs of more than 64 characters without white space are cut so that none is unknown
#: Words of the subtitle lists are counted as if the list were a text of so many words.
LISTS = {"id": 700_000, "en": 500_000}
LONGEST_ROW = 512


def byte_characters() -> list[str]:
    """Return the 256 characters that stand for bytes, in the order of the bytes."""
    shown = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    characters = {byte: chr(byte) for byte in shown}
    for place, byte in enumerate(byte for byte in range(256) if byte not in characters):
        characters[byte] = chr(256 + place)
    return [characters[byte] for byte in range(256)]


def _shell(model: models.WordPiece) -> Tokenizer:
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=True,
                                                        strip_accents=True, lowercase=True)]
    )  # fmt: skip
    cut = Regex("." * 64)  # of at most four bytes each
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.BertPreTokenizer(),
            pre_tokenizers.Split(cut, "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.WordPiece(prefix="##", cleanup=False)
    return tokenizer


def train(texts: Iterator[str], size: int) -> Tokenizer:
    """Learn a vocabulary of `size` pieces, special ones and all bytes among them."""
    learner = _shell(models.WordPiece(unk_token="[UNK]"))
    alphabet = byte_characters()
    trainer = trainers.WordPieceTrainer(
        vocab_size=size, special_tokens=list(SPECIAL), initial_alphabet=alphabet, show_progress=False, min_frequency=2
    )
    learner.train_from_iterator(texts, trainer)
    learned = sorted(learner.get_vocab().items(), key=lambda item: item[1])
    must = [*SPECIAL, *alphabet, *(f"##{character}" for character in alphabet)]
    kept = set(must)
    rest = [piece for piece, _ in learned if piece not in kept][: size - len(must)]
    return with_pieces([*must, *rest])


def with_pieces(pieces: Sequence[str]) -> Tokenizer:
    """Return the tokenizer of an ordered list of pieces."""
    vocabulary = {piece: place for place, piece in enumerate(pieces)}
    tokenizer = _shell(models.WordPiece(vocab=vocabulary, unk_token="[UNK]", max_input_chars_per_word=LONGEST_WORD))
    tokenizer.add_special_tokens(list(SPECIAL))
    cls, sep = vocabulary["[CLS]"], vocabulary["[SEP]"]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0",
        pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
        special_tokens=[("[CLS]", cls), ("[SEP]", sep)],
    )
    return tokenizer


def words_of(tokenizer: Tokenizer, text: str) -> list[str]:
    """Return the normalised words that pieces are made from: what `decode` gives back."""
    normal = tokenizer.normalizer.normalize_str(text)
    split = pre_tokenizers.Sequence(
        [pre_tokenizers.BertPreTokenizer(), pre_tokenizers.Split(Regex("." * 64), "isolated")]
    )
    return [word for word, _ in split.pre_tokenize_str(normal)]


def decode(pieces: Sequence[str]) -> list[str]:
    """Return the words that pieces (as strings, special ones left out) were made from."""
    byte_of = {character: byte for byte, character in enumerate(byte_characters())}
    words: list[bytearray] = []
    for piece in pieces:
        if piece.startswith("##") and piece != "##" and words:
            words[-1] += bytes(byte_of[character] for character in piece[2:])
        else:
            words.append(bytearray(byte_of[character] for character in piece))
    return [word.decode("utf-8") for word in words]


def save(tokenizer: Tokenizer, folder: Path) -> None:
    """Write the tokenizer as transformers reads it."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": LONGEST_ROW,
        "model_input_names": ["input_ids", "token_type_ids", "attention_mask"],
        **{f"{name.strip('[]').lower()}_token": name for name in SPECIAL},
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=1), "utf-8")


def _texts(data: Path, out: Path) -> Iterator[str]:
    often = repeats(out)
    for source, lines in lines_of(out, "train"):
        for _ in range(often[source]):
            yield from lines
    for language, words in LISTS.items():
        counted = list(frequent_words(data, language))
        total = sum(count for _, count in counted)
        for word, count in counted:
            times = count * words // total
            if times:
                yield " ".join([word] * times)


def build(data: Path, out: Path, size: int) -> Tokenizer:
    """Learn the vocabulary from the corpus and both subtitle lists and write it below ``out/tokenizer``."""
    tokenizer = train(_texts(data, out), size)
    save(tokenizer, out / "tokenizer")
    LOG.info("vocabulary: %d pieces", tokenizer.get_vocab_size())
    return tokenizer


def main() -> None:
    """Learn the vocabulary from the command line."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--size", type=int, default=20_000)
    choice = parser.parse_args()
    build(choice.data, choice.out, choice.size)


if __name__ == "__main__":
    main()
