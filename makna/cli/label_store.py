"""The words of `makna label serve|user|project|import|export`. Bodies import what they need."""

from typing import Annotated

import typer

from makna.core.messages import say

_Store = Annotated[str, typer.Option("--store", metavar="FILE|URL", help=say("label.option_store"))]
_STORE = "labels.db"


def add_store_commands(group: typer.Typer) -> None:
    """Add the commands of the annotation site to `makna label`."""
    _add_serve(group)
    group.add_typer(_people(), name="user", help=say("label.user"))
    group.add_typer(_projects(), name="project", help=say("label.project"))
    _add_import(group)
    _add_export(group)


def _group(text: str) -> typer.Typer:
    group = typer.Typer(
        help=text, no_args_is_help=False, add_completion=False, rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )  # fmt: skip

    @group.callback(invoke_without_command=True)
    def top(context: typer.Context) -> None:
        if context.invoked_subcommand is None:
            typer.echo(context.get_help())

    return group


def _add_serve(group: typer.Typer) -> None:
    @group.command("serve", help=say("label.serve"))
    def serve(
        store: _Store = _STORE,
        host: Annotated[str, typer.Option(metavar="ADDRESS", help=say("label.serve_host"))] = "127.0.0.1",
        port: Annotated[int, typer.Option(min=1, max=65535, metavar="N", help=say("label.serve_port"))] = 8421,
        proxied: Annotated[bool, typer.Option("--proxied", help=say("label.serve_proxied"))] = False,
        insecure: Annotated[bool, typer.Option("--insecure-http", help=say("label.serve_insecure"))] = False,
        name: Annotated[list[str] | None, typer.Option("--name", metavar="HOST", help=say("label.serve_name"))] = None,
    ) -> None:
        from makna.cli.site import SiteWords, serve_labels

        serve_labels(SiteWords(store, host, port, proxied, insecure, tuple(name or ())))


def _people() -> typer.Typer:
    group = _group(say("label.user"))

    @group.command("add", help=say("label.user_add"))
    def add(
        name: Annotated[str, typer.Argument(metavar="NAME", help=say("label.user_name"))],
        role: Annotated[str, typer.Option(metavar="admin|person", help=say("label.user_role"))] = "person",
        store: _Store = _STORE,
    ) -> None:
        from makna.cli.label_people import add_account

        add_account(store, name, role)

    @group.command("password", help=say("label.user_password"))
    def password(
        name: Annotated[str, typer.Argument(metavar="NAME", help=say("label.user_name"))], store: _Store = _STORE
    ) -> None:
        from makna.cli.label_people import change_password

        change_password(store, name)

    _add_switches(group)

    @group.command("list", help=say("label.user_list"))
    def all_people(store: _Store = _STORE) -> None:
        from makna.cli.label_people import list_accounts

        list_accounts(store)

    return group


def _add_switches(group: typer.Typer) -> None:
    @group.command("off", help=say("label.user_off"))
    def off(
        name: Annotated[str, typer.Argument(metavar="NAME", help=say("label.user_name"))], store: _Store = _STORE
    ) -> None:
        from makna.cli.label_people import switch

        switch(store, name, False)

    @group.command("on", help=say("label.user_on"))
    def on(
        name: Annotated[str, typer.Argument(metavar="NAME", help=say("label.user_name"))], store: _Store = _STORE
    ) -> None:
        from makna.cli.label_people import switch

        switch(store, name, True)


_Text = Annotated[str | None, typer.Option(metavar="COLUMN", help=say("label.project_text"))]
_Pair = Annotated[str | None, typer.Option(metavar="A,B", help=say("label.project_pair"))]
_Answer = Annotated[str | None, typer.Option(metavar="ANSWER,KEY", help=say("label.project_answer"))]
_Question = Annotated[str | None, typer.Option(metavar="COLUMN", help=say("label.project_question"))]
_Name = Annotated[str | None, typer.Option("--id", metavar="COLUMN", help=say("label.project_id"))]
_Doubt = Annotated[str | None, typer.Option(metavar="COLUMN", help=say("label.project_doubt"))]
_Suggested = Annotated[str | None, typer.Option(metavar="COLUMN", help=say("label.project_suggested"))]
_Scale = Annotated[str | None, typer.Option(metavar="LOW,HIGH[,STEP]", help=say("label.project_scale"))]
_Overlap = Annotated[int, typer.Option(min=1, metavar="N", help=say("label.project_overlap"))]
_Project = Annotated[str, typer.Argument(metavar="NAME", help=say("label.project_name"))]
_Sheet = Annotated[str | None, typer.Option("--sheet", metavar="NAME", help=say("cli.sheet"))]
_Encoding = Annotated[str | None, typer.Option("--encoding", metavar="NAME", help=say("cli.encoding"))]
_Delimiter = Annotated[str | None, typer.Option("--delimiter", metavar="C", help=say("cli.delimiter"))]


def _projects() -> typer.Typer:
    group = _group(say("label.project"))
    _add_new(group)
    _add_more(group)

    @group.command("labels", help=say("label.project_labels"))
    def labels(
        name: _Project,
        labels: Annotated[str | None, typer.Argument(metavar="A,B,C", help=say("label.project_labels_are"))] = None,
        rename: Annotated[str, typer.Option(metavar="OLD=NEW,…", help=say("label.project_rename"))] = "",
        go_on: Annotated[bool, typer.Option("--go-on", help=say("label.project_go_on"))] = False,
        store: _Store = _STORE,
    ) -> None:
        from makna.cli.label_projects import show_or_change_labels

        show_or_change_labels(store, name, labels, rename, go_on)

    @group.command("list", help=say("label.project_list"))
    def all_projects(store: _Store = _STORE) -> None:
        from makna.cli.label_projects import list_projects

        list_projects(store)

    return group


def _add_new(group: typer.Typer) -> None:
    @group.command("new", help=say("label.project_new"))
    def new(
        name: _Project,
        file: Annotated[str, typer.Option(metavar="FILE", help=say("label.project_file"))],
        text: _Text = None,
        pair: _Pair = None,
        answer: _Answer = None,
        question: _Question = None,
        name_column: _Name = None,
        doubt: _Doubt = None,
        suggested: _Suggested = None,
        labels: Annotated[str | None, typer.Option(metavar="A,B,C", help=say("label.project_labels_are"))] = None,
        scale: _Scale = None,
        guidelines: Annotated[str | None, typer.Option(metavar="FILE.md", help=say("label.project_guidelines"))] = None,
        overlap: _Overlap = 2,
        order: Annotated[str, typer.Option(metavar="order|random|doubt", help=say("label.project_order"))] = "order",
        seed: Annotated[int, typer.Option(min=0, metavar="N", help=say("label.project_seed"))] = 13,
        member: Annotated[str, typer.Option(metavar="NAME,…", help=say("label.project_member"))] = "",
        adjudicator: Annotated[str, typer.Option(metavar="NAME,…", help=say("label.project_adjudicator"))] = "",
        sheet: _Sheet = None,
        encoding: _Encoding = None,
        delimiter: _Delimiter = None,
        store: _Store = _STORE,
    ) -> None:
        from makna.cli.label_projects import ColumnWords, ProjectWords, new_project
        from makna.collect.stream import Reading

        columns = ColumnWords(text, pair, answer, question, name_column, doubt, suggested)
        words = ProjectWords(name, labels, scale, guidelines, overlap, order, seed, member, adjudicator)
        new_project(store, file, Reading(encoding, delimiter, sheet), columns, words)


def _add_more(group: typer.Typer) -> None:
    @group.command("add", help=say("label.project_add"))
    def add(
        name: _Project,
        file: Annotated[str, typer.Argument(metavar="FILE", help=say("label.project_file"))],
        text: _Text = None,
        pair: _Pair = None,
        answer: _Answer = None,
        question: _Question = None,
        name_column: _Name = None,
        doubt: _Doubt = None,
        suggested: _Suggested = None,
        sheet: _Sheet = None,
        encoding: _Encoding = None,
        delimiter: _Delimiter = None,
        store: _Store = _STORE,
    ) -> None:
        from makna.cli.label_projects import ColumnWords, add_file
        from makna.collect.stream import Reading

        columns = ColumnWords(text, pair, answer, question, name_column, doubt, suggested)
        add_file(store, name, file, Reading(encoding, delimiter, sheet), columns)


def _add_import(group: typer.Typer) -> None:
    @group.command("import", help=say("label.import"))
    def import_(
        name: _Project,
        file: Annotated[str, typer.Argument(metavar="TASKS.json", help=say("label.import_file"))],
        text: _Text = None,
        pair: _Pair = None,
        answer: _Answer = None,
        question: _Question = None,
        field: Annotated[str | None, typer.Option(metavar="CONTROL", help=say("label.import_field"))] = None,
        labels: Annotated[str | None, typer.Option(metavar="A,B,C", help=say("label.import_labels_are"))] = None,
        scale: _Scale = None,
        overlap: _Overlap = 2,
        people: Annotated[str, typer.Option(metavar="THEIRS=NAME,…", help=say("label.import_people"))] = "",
        add_people: Annotated[bool, typer.Option("--add-people", help=say("label.import_add_people"))] = False,
        store: _Store = _STORE,
    ) -> None:
        from makna.cli.label_exchange import ImportWords, import_label_studio
        from makna.cli.label_projects import ColumnWords

        columns = ColumnWords(text, pair, answer, question)
        import_label_studio(store, ImportWords(name, file, columns, field, labels, scale, overlap, people, add_people))


def _add_export(group: typer.Typer) -> None:
    @group.command("export", help=say("label.export"))
    def export(
        name: _Project,
        out: Annotated[str, typer.Option("--out", metavar="FILE", help=say("label.export_out"))],
        form: Annotated[
            str, typer.Option(metavar="wide|long|corpus|label-studio", help=say("label.export_forms"))
        ] = "wide",
        names: Annotated[bool, typer.Option("--names/--no-names", help=say("label.export_names"))] = True,
        store: _Store = _STORE,
    ) -> None:
        from makna.cli.label_exchange import export_project

        export_project(store, name, out, form, names)
