"""The words of `makna label …`. Bodies import what they need."""

from typing import Annotated

import typer

from makna.cli.label_store import add_store_commands
from makna.core.messages import say


def add_label(app: typer.Typer) -> None:
    """Add the group of commands to an app."""
    group = typer.Typer(
        help=say("label.help"), no_args_is_help=False, add_completion=False, rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )  # fmt: skip

    @group.callback(invoke_without_command=True)
    def top(context: typer.Context) -> None:
        if context.invoked_subcommand is None:
            typer.echo(context.get_help())

    _add_audit(group)
    _add_agreement(group)
    _add_suspects(group)
    add_store_commands(group)
    app.add_typer(group, name="label", help=say("label.help"))


def _add_audit(group: typer.Typer) -> None:
    @group.command("audit", help=say("label.audit"))
    def audit(
        file: Annotated[str, typer.Argument(metavar="FILE", help=say("label.audit_file"))],
        source: Annotated[str, typer.Option(metavar="inset|vader|COLUMN", help=say("label.audit_source"))],
        text: Annotated[str | None, typer.Option(metavar="COLUMN", help=say("label.audit_text"))] = None,
        gold: Annotated[str | None, typer.Option(metavar="COLUMN", help=say("label.audit_gold_column"))] = None,
        translate: Annotated[str | None, typer.Option(metavar="COLUMN", help=say("label.audit_translate"))] = None,
        translator: Annotated[str | None, typer.Option(metavar="FOLDER", help=say("label.audit_translator"))] = None,
        lexicon: Annotated[
            list[str] | None, typer.Option(metavar="inset|sample|FILE", help=say("label.audit_lexicon"))
        ] = None,
        rules: Annotated[str | None, typer.Option(metavar="full|sum", help=say("label.audit_rules"))] = None,
        boost: Annotated[str | None, typer.Option(metavar="library|paper", help=say("label.audit_boost"))] = None,
        threshold: Annotated[float | None, typer.Option(metavar="X", help=say("label.audit_threshold"))] = None,
        classes: Annotated[str | None, typer.Option(metavar="A,B,C", help=say("label.audit_classes_are"))] = None,
        raw: Annotated[str | None, typer.Option("--map", metavar="RAW=CLASS,…", help=say("label.audit_map"))] = None,
        out: Annotated[str | None, typer.Option("--out", metavar="FILE", help=say("label.audit_out"))] = None,
        as_json: Annotated[bool, typer.Option("--json", help=say("label.audit_json"))] = False,
        sheet: Annotated[str | None, typer.Option("--sheet", metavar="NAME", help=say("cli.sheet"))] = None,
        encoding: Annotated[str | None, typer.Option("--encoding", metavar="NAME", help=say("cli.encoding"))] = None,
        delimiter: Annotated[str | None, typer.Option("--delimiter", metavar="C", help=say("cli.delimiter"))] = None,
    ) -> None:
        from makna.cli.audit import AuditWords, audit_labels
        from makna.collect.stream import Reading

        settings = {"translate": translate, "translator": translator, "lexicon": lexicon, "rules": rules,
                    "boost": boost, "threshold": threshold}  # fmt: skip
        reading = Reading(encoding, delimiter, sheet)
        audit_labels(AuditWords(file, source, text, gold, reading, settings, classes, raw, out, as_json))


def _add_agreement(group: typer.Typer) -> None:
    @group.command("agreement", help=say("label.agreement"))
    def agreement(
        file: Annotated[str, typer.Argument(metavar="FILE", help=say("label.agreement_file"))],
        raters: Annotated[
            list[str] | None, typer.Option("--raters", metavar="COLUMN,…", help=say("label.agreement_raters"))
        ] = None,
        item: Annotated[str | None, typer.Option(metavar="COLUMN", help=say("label.agreement_item"))] = None,
        rater: Annotated[str | None, typer.Option(metavar="COLUMN", help=say("label.agreement_rater"))] = None,
        label: Annotated[str | None, typer.Option(metavar="COLUMN", help=say("label.agreement_label"))] = None,
        scale: Annotated[
            str, typer.Option(metavar="nominal|ordinal|interval", help=say("label.agreement_scale"))
        ] = "nominal",
        order: Annotated[str, typer.Option(metavar="LABEL,…", help=say("label.agreement_order"))] = "",
        missing: Annotated[str, typer.Option(metavar="WORD,…", help=say("label.agreement_missing"))] = "",
        out: Annotated[str | None, typer.Option("--out", metavar="FILE", help=say("label.agreement_out"))] = None,
        resamples: Annotated[int, typer.Option(min=0, max=100_000, help=say("label.agreement_resamples"))] = 1000,
        seed: Annotated[int, typer.Option(min=0, metavar="N", help=say("label.agreement_seed"))] = 13,
        sheet: Annotated[str | None, typer.Option("--sheet", metavar="NAME", help=say("cli.sheet"))] = None,
        encoding: Annotated[str | None, typer.Option("--encoding", metavar="NAME", help=say("cli.encoding"))] = None,
        delimiter: Annotated[str | None, typer.Option("--delimiter", metavar="C", help=say("cli.delimiter"))] = None,
    ) -> None:
        from makna.cli.agreement import AgreementWords, show_agreement
        from makna.collect.stream import Reading
        from makna.label.agreement import AgreementSettings
        from makna.label.ratings import RatingSettings

        labels = RatingSettings(scale, _words(order), _words(missing))  # type: ignore[arg-type]
        words = AgreementWords(
            file, tuple(raters or ()), (item, rater, label), labels, AgreementSettings(resamples, seed=seed), out,
            Reading(encoding, delimiter, sheet),
        )  # fmt: skip
        show_agreement(words)


def _add_suspects(group: typer.Typer) -> None:
    @group.command("suspects", help=say("label.suspects"))
    def suspects(
        run: Annotated[str, typer.Argument(metavar="RUN", help=say("label.suspects_run"))],
        system: Annotated[str | None, typer.Option(metavar="NAME", help=say("label.suspects_system"))] = None,
        out: Annotated[str | None, typer.Option("--out", metavar="FILE", help=say("label.suspects_out"))] = None,
    ) -> None:
        from makna.cli.suspects import show_suspects

        show_suspects(run, system, out)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())
