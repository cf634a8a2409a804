"""Translation by a model in a local folder (Marian, such as opus-mt-id-en); nothing is downloaded."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from makna.core.compute import machine_of
from makna.core.corpus import as_texts
from makna.core.errors import DataError, ModelError
from makna.core.optional import require

if TYPE_CHECKING:
    from makna.core.compute import Machine

EXAMPLE = "Helsinki-NLP/opus-mt-id-en"
_NEEDED = ("config.json",)
_WEIGHTS = ("model.safetensors", "pytorch_model.bin")


class Translator:
    """Translates texts with a sequence-to-sequence model.

    Parameters
    ----------
    folder : path
        A folder with ``config.json``, the weights and the tokenizer's files, as
        ``hf download Helsinki-NLP/opus-mt-id-en --local-dir FOLDER`` leaves it.
    batch_size : int
        Texts translated together.
    max_length : int
        Tokens of a text that are read, and of a translation that are written.

    Raises
    ------
    DataError
        The folder is not there or lacks a file.
    ModelError
        It holds no model that translates.
    MissingPackageError
        torch, transformers or sentencepiece are not installed.
    """

    def __init__(self, folder: str | Path, batch_size: int = 16, max_length: int = 256) -> None:
        self.folder = Path(folder)
        self.batch_size = batch_size
        self.max_length = max_length
        _check(self.folder)
        self._machine: Machine = machine_of("translator")
        self._tokenizer, self._network = _load(self.folder)
        self._network.to(self._machine.device)

    def translate(
        self, texts: Sequence[str], listen: Callable[[int, int], None] = lambda done, total: None
    ) -> list[str]:
        """Return the translations of texts; an empty text stays empty, equal texts are translated once.

        Parameters
        ----------
        texts : sequence of str, shape (n,)
            Texts in the model's source language.
        listen : callable
            Told how many of the distinct texts are done.
        """
        rows = as_texts(texts)
        # Texts of about one length share a batch, so that little is padded.
        wanted = sorted({text for text in rows if text.strip()}, key=lambda text: (len(text), text))
        made: dict[str, str] = {}
        for start in range(0, len(wanted), self.batch_size):
            some = wanted[start : start + self.batch_size]
            made.update(zip(some, self._batch(some), strict=True))
            listen(len(made), len(wanted))
        return [made.get(text, "") for text in rows]

    def _batch(self, texts: list[str]) -> list[str]:
        torch = require("torch", "translator")
        coded = self._tokenizer(texts, return_tensors="pt", padding=True, truncation=True, max_length=self.max_length)
        inputs = {name: coded[name].to(self._machine.device) for name in ("input_ids", "attention_mask")}
        with torch.inference_mode():
            found = self._network.generate(**inputs, max_length=self.max_length, num_beams=1, do_sample=False)
        return [text.strip() for text in self._tokenizer.batch_decode(found, skip_special_tokens=True)]


def _check(folder: Path) -> None:
    missing = [name for name in _NEEDED if not (folder / name).is_file()]
    if not any((folder / name).is_file() for name in _WEIGHTS):
        missing.append(_WEIGHTS[0])
    if not folder.is_dir():
        raise DataError("label.no_translator", folder=str(folder), example=EXAMPLE)
    if missing:
        raise DataError("label.translator_lacks", folder=str(folder), files=", ".join(missing), example=EXAMPLE)


def _load(folder: Path) -> tuple[Any, Any]:
    transformers = require("transformers", "translator")
    require("torch", "translator")
    if (folder / "source.spm").is_file():
        require("sentencepiece", "translator")
    try:
        with warnings.catch_warnings(), _quiet(transformers):
            warnings.simplefilter("ignore")  # remarks of the tokenizer on what it would like to have
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
            network = transformers.AutoModelForSeq2SeqLM.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False, weights_only=True
            )
    except (OSError, ValueError, KeyError, RuntimeError) as problem:
        reason = (str(problem).splitlines() or [type(problem).__name__])[0]
        raise ModelError("label.bad_translator", folder=str(folder), reason=reason, example=EXAMPLE) from problem
    return tokenizer, network.eval()


@contextmanager
def _quiet(transformers: Any) -> Iterator[None]:
    """Keep the library's own bars and notes, which are not in the user's language, off the screen."""
    log = transformers.utils.logging
    level, bars = log.get_verbosity(), log.is_progress_bar_enabled()
    log.set_verbosity_error()
    log.disable_progress_bar()
    try:
        yield
    finally:
        log.set_verbosity(level)
        if bars:
            log.enable_progress_bar()
