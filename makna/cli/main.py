"""The command `makna`: reads the words, sets the language, and turns errors into exit codes."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence

from makna.core.errors import UsageError, UserError
from makna.core.messages import LANGUAGES, say, set_language

DONE, OUR_FAULT, WRONG_INPUT, INTERRUPTED = 0, 1, 2, 130


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code.

    Parameters
    ----------
    argv : sequence of str or None
        Words after ``makna``; those of this process when None.
    """
    raise SystemExit(run_command(list(sys.argv[1:] if argv is None else argv)))


def run_command(words: list[str]) -> int:
    """Run one command and return its exit code: 0 done, 2 wrong input, 130 interrupted, 1 our fault."""
    try:
        words = _everywhere_options(words)
        from makna.cli.app import make_app

        return make_app(words)
    except UserError as problem:
        return _complain("\n".join([str(problem), *getattr(problem, "__notes__", ())]), WRONG_INPUT)
    except KeyboardInterrupt:
        return _complain(say("cli.interrupted"), INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output (such as `head`) has gone; nothing is left to say.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as problem:
        from makna.core.files import os_error_in_words

        plain = os_error_in_words(problem)
        if plain is not None:
            return _complain(plain, WRONG_INPUT)
        traceback.print_exc()
        return _complain(say("cli.our_fault", kind=type(problem).__name__), OUR_FAULT)


def _everywhere_options(words: list[str]) -> list[str]:
    """Take out `--lang X` and `--offline`, which may stand anywhere."""
    left: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "--":
            left += [word, *rest]
        elif word == "--offline":
            os.environ["MAKNA_OFFLINE"] = "1"
        elif word == "--lang" or word.startswith("--lang="):
            code = word.partition("=")[2] or next(rest, "")
            if code not in LANGUAGES:
                raise UsageError("cli.bad_language", came=code, allowed=", ".join(LANGUAGES))
            set_language(code)
        else:
            left.append(word)
    return left


def _complain(message: str, code: int) -> int:
    sys.stderr.write(f"makna: {message}\n")
    return code


if __name__ == "__main__":
    main()
