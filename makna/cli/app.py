"""The commands and their options. Bodies import what they need, so that `--help` is quick."""

import json
import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Annotated, Any

import typer
from typer.main import get_command

from makna import __version__
from makna.cli.collect import add_collect
from makna.cli.label import add_label
from makna.core.errors import UsageError, UserError
from makna.core.messages import say


def make_app(words: list[str]) -> int:
    """Build the commands in the language in force, run one, and return its exit code.

    Parameters
    ----------
    words : list of str
        Words after ``makna``.

    Raises
    ------
    UserError
        The words do not fit, or the command found the user's input wrong.
    """
    command = get_command(_app())
    try:
        result = command.main(args=words or ["--help"], prog_name="makna", standalone_mode=False)
    except typer.Abort as problem:
        raise KeyboardInterrupt from problem
    except Exception as problem:
        # Typer brings its own click since 0.26, so its exceptions are known by what they can do.
        if not hasattr(problem, "format_message"):
            raise
        raise _in_words(problem) from problem
    return result if isinstance(result, int) else 0


def _app() -> typer.Typer:
    app = typer.Typer(
        help=say("cli.help"), no_args_is_help=False, add_completion=False, rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]}, epilog=say("cli.epilog"),
    )  # fmt: skip

    def version(value: bool) -> None:
        if value:
            typer.echo(f"makna {__version__}")
            raise typer.Exit

    @app.callback()
    def top(
        _version: Annotated[
            bool, typer.Option("--version", callback=version, is_eager=True, help=say("cli.version"))
        ] = False,
    ) -> None:
        pass

    _add_run(app)
    _add_predict(app)
    _add_grade(app)
    _add_clean(app)
    _add_small(app)
    add_collect(app)
    add_label(app)
    return app


def _add_run(app: typer.Typer) -> None:
    @app.command("run", help=say("cli.run"))
    def run(
        recipe: Annotated[str, typer.Argument(metavar="STUDY|RECIPE.yaml", help=say("cli.run_recipe"))],
        data: Annotated[str | None, typer.Option("--data", metavar="FILE", help=say("cli.run_data"))] = None,
        sets: Annotated[list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help=say("cli.run_set"))] = None,
        only: Annotated[str, typer.Option("--only", metavar="NAME,…", help=say("cli.run_only"))] = "",
        rows: Annotated[int | None, typer.Option("--rows", min=10, metavar="N", help=say("cli.run_rows"))] = None,
        out: Annotated[str | None, typer.Option("--out", metavar="DIR", help=say("cli.run_out"))] = None,
        resume: Annotated[bool, typer.Option("--resume", help=say("cli.run_resume"))] = False,
        engine: Annotated[str, typer.Option("--engine", metavar="local|ray", help=say("cli.run_engine"))] = "local",
        sheet: Annotated[str | None, typer.Option("--sheet", metavar="NAME", help=say("cli.sheet"))] = None,
        accept: Annotated[bool, typer.Option("--accept-weak-labels", help=say("cli.run_accept"))] = False,
    ) -> None:
        from makna.cli.run import RunWords, run_study

        names = tuple(name.strip() for name in only.split(",") if name.strip())
        run_study(RunWords(recipe, data, (*(sets or ()), *_sheet(sheet)), names, rows, out, resume, engine, accept))


def _add_predict(app: typer.Typer) -> None:
    @app.command("predict", help=say("cli.predict"))
    def predict(
        model: Annotated[str, typer.Argument(metavar="MODEL", help=say("cli.predict_model"))],
        file: Annotated[str, typer.Argument(metavar="FILE", help=say("cli.predict_file"))],
        out: Annotated[str, typer.Option("--out", metavar="FILE", help=say("cli.predict_out"))],
        text: Annotated[
            list[str] | None, typer.Option("--text", metavar="COLUMN", help=say("cli.predict_text"))
        ] = None,
        chunk: Annotated[int, typer.Option("--chunk", min=1, metavar="N", help=say("cli.predict_chunk"))] = 5000,
        sheet: Annotated[str | None, typer.Option("--sheet", metavar="NAME", help=say("cli.sheet"))] = None,
        encoding: Annotated[str | None, typer.Option("--encoding", metavar="NAME", help=say("cli.encoding"))] = None,
        delimiter: Annotated[str | None, typer.Option("--delimiter", metavar="C", help=say("cli.delimiter"))] = None,
        marks: Annotated[str | None, typer.Option("--marks", metavar="COLUMN", help=say("cli.predict_marks"))] = None,
    ) -> None:
        from makna.cli.predict import PredictWords, predict_table
        from makna.collect.stream import Reading

        reading = Reading(encoding, delimiter, sheet)
        if marks is not None:
            from makna.cli.grade import grade_by_model

            return grade_by_model(PredictWords(model, file, out, tuple(text or ()), chunk, reading), marks)
        predict_table(PredictWords(model, file, out, tuple(text or ()), chunk, reading))


def _add_grade(app: typer.Typer) -> None:
    @app.command("grade", help=say("cli.grade"))
    def grade(
        file: Annotated[str, typer.Argument(metavar="FILE", help=say("cli.grade_file"))],
        out: Annotated[str, typer.Option("--out", metavar="FILE.xlsx", help=say("cli.grade_out"))],
        question: Annotated[str | None, typer.Option(metavar="COLUMN", help=say("cli.grade_question"))] = None,
        key: Annotated[str | None, typer.Option(metavar="COLUMN", help=say("cli.grade_key"))] = None,
        answer: Annotated[str | None, typer.Option(metavar="COLUMN", help=say("cli.grade_answer"))] = None,
        mark: Annotated[str | None, typer.Option(metavar="COLUMN", help=say("cli.grade_mark"))] = None,
        scale: Annotated[tuple[float, float], typer.Option(metavar="LOW HIGH", help=say("cli.grade_scale"))] = (0, 5),
        step: Annotated[float | None, typer.Option(metavar="S", help=say("cli.grade_step"))] = None,
        promise: Annotated[float, typer.Option(metavar="P", help=say("cli.grade_promise"))] = 0.1,
        tolerance: Annotated[float | None, typer.Option(metavar="T", help=say("cli.grade_tolerance"))] = None,
        certainty: Annotated[float | None, typer.Option(metavar="C", help=say("cli.grade_certainty"))] = None,
        by: Annotated[str, typer.Option(metavar="auto|question|all", help=say("cli.grade_by_what"))] = "auto",
        model: Annotated[str | None, typer.Option(metavar="MODEL", help=say("cli.grade_model"))] = None,
        encoder: Annotated[str | None, typer.Option(metavar="NAME", help=say("cli.grade_encoder"))] = None,
        seed: Annotated[int, typer.Option(min=0, metavar="N", help=say("cli.grade_seed"))] = 13,
        sheet: Annotated[str | None, typer.Option("--sheet", metavar="NAME", help=say("cli.sheet"))] = None,
        overwrite: Annotated[bool, typer.Option("--overwrite", help=say("cli.grade_overwrite"))] = False,
    ) -> None:
        from makna.cli.grade import GradeWords
        from makna.cli.grade import grade as run_grade
        from makna.collect.stream import Reading

        columns = {"question": question, "key": key, "answer": answer, "mark": mark}
        words = GradeWords(
            file, out, columns, Reading(sheet=sheet), scale, step, promise, tolerance, certainty, by, model, encoder,
            seed, overwrite,
        )  # fmt: skip
        run_grade(words)


def _add_clean(app: typer.Typer) -> None:
    @app.command("clean", help=say("cli.clean"))
    def clean(
        file: Annotated[str | None, typer.Argument(metavar="FILE", help=say("cli.clean_file"))] = None,
        explain: Annotated[str | None, typer.Option("--explain", metavar="TEXT", help=say("cli.clean_explain"))] = None,
        out: Annotated[str | None, typer.Option("--out", metavar="FILE", help=say("cli.predict_out"))] = None,
        steps: Annotated[str | None, typer.Option("--steps", metavar="STEP,…", help=say("cli.clean_steps"))] = None,
        recipe: Annotated[str | None, typer.Option("--recipe", metavar="RECIPE", help=say("cli.clean_recipe"))] = None,
        text: Annotated[
            list[str] | None, typer.Option("--text", metavar="COLUMN", help=say("cli.clean_column"))
        ] = None,
        as_json: Annotated[bool, typer.Option("--json", help=say("cli.clean_json"))] = False,
        sheet: Annotated[str | None, typer.Option("--sheet", metavar="NAME", help=say("cli.sheet"))] = None,
        encoding: Annotated[str | None, typer.Option("--encoding", metavar="NAME", help=say("cli.encoding"))] = None,
    ) -> None:
        from makna.cli.clean import CleanWords
        from makna.cli.clean import clean as run_clean
        from makna.collect.stream import Reading

        reading = Reading(encoding, sheet=sheet)
        run_clean(CleanWords(file, out, explain, steps, recipe, tuple(text or ()), as_json, reading))


def _add_small(app: typer.Typer) -> None:
    @app.command("init", help=say("cli.init"))
    def init(
        file: Annotated[str, typer.Argument(metavar="FILE", help=say("cli.init_file"))],
        out: Annotated[str | None, typer.Option("--out", metavar="RECIPE.yaml", help=say("cli.init_out"))] = None,
        sheet: Annotated[str | None, typer.Option("--sheet", metavar="NAME", help=say("cli.sheet"))] = None,
        encoding: Annotated[str | None, typer.Option("--encoding", metavar="NAME", help=say("cli.encoding"))] = None,
        delimiter: Annotated[str | None, typer.Option("--delimiter", metavar="C", help=say("cli.delimiter"))] = None,
    ) -> None:
        from makna.cli.init import write_recipe
        from makna.collect.stream import Reading

        write_recipe(file, out, Reading(encoding, delimiter, sheet))

    @app.command("compare", help=say("cli.compare"))
    def compare(
        runs: Annotated[list[str], typer.Argument(metavar="RUN RUN…", help=say("cli.compare_runs"))],
        metrics: Annotated[str, typer.Option("--metrics", metavar="NAME,…", help=say("cli.compare_metrics"))] = "",
        out: Annotated[str | None, typer.Option("--out", metavar="FILE", help=say("cli.compare_out"))] = None,
    ) -> None:
        from makna.cli.compare import CompareWords, compare_runs

        names = tuple(name.strip() for name in metrics.split(",") if name.strip())
        compare_runs(CompareWords(tuple(runs), names, out))

    @app.command("studies", help=say("cli.studies"))
    def studies() -> None:
        from makna.cli.studies import list_studies

        list_studies()

    @app.command("doctor", help=say("cli.doctor"))
    def doctor() -> None:
        from makna.cli.doctor import examine

        examine()


def _sheet(name: str | None) -> tuple[str, ...]:
    """Return `--sheet` as a change of the recipe."""
    return () if name is None else (f"collect.sheet={json.dumps(name)}",)


def _in_words(problem: Any) -> UserError:
    """Say in the language in force what does not fit in the command line."""
    context = getattr(problem, "ctx", None)
    help_line = f"{context.command_path} --help" if context is not None else "makna --help"
    parameter = getattr(problem, "param", None)
    kind = {base.__name__ for base in type(problem).__mro__}
    if "NoSuchOption" in kind:
        return UsageError("cli.no_option", name=problem.option_name, hint=_hint(problem.possibilities), help=help_line)
    if "MissingParameter" in kind and parameter is not None:
        return UsageError("cli.missing_word", name=_called(parameter), help=help_line)
    if "BadParameter" in kind and parameter is not None:
        return UsageError("cli.bad_word", name=parameter.opts[0], reason=problem.message, help=help_line)
    commands = getattr(getattr(context, "command", None), "commands", None)
    came = re.search("'(.+?)'", problem.message)
    if commands and came and came[1] not in commands:
        near = get_close_matches(came[1], list(commands), n=1)
        return UsageError("cli.no_command", name=came[1], allowed=", ".join(commands), hint=_hint(near))
    return UsageError("cli.wrong_words", reason=problem.format_message(), help=help_line)


def _called(parameter: Any) -> str:
    """Return what a user writes: an option's name, or what an argument stands for."""
    name = str(parameter.opts[0])
    return name if name.startswith("-") else str(parameter.metavar or name)


def _hint(matches: Sequence[str] | None) -> str:
    return f" {say('cli.did_you_mean', match=matches[0])}" if matches else ""
