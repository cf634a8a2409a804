"""The tables of a store, as SQLAlchemy knows them.

Nothing is ever overwritten without a trace: `answer` holds what counts now, `change` all that was ever said, in order.
Times are seconds since 1970, UTC; lists and mappings are JSON texts.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

VERSION = 1
"""Of this layout; a store of a later one is refused."""

TABLES = MetaData()

meta = Table("meta", TABLES, Column("name", String(40), primary_key=True), Column("value", Text, nullable=False))

person = Table(
    "person", TABLES,
    Column("id", Integer, primary_key=True),
    Column("key", String(200), nullable=False, unique=True),  # the name normalised: no two that look alike
    Column("name", String(200), nullable=False),
    Column("password", Text, nullable=False),  # scrypt, with its salt and costs
    Column("role", String(20), nullable=False),  # admin, or person: what one may do in a project stands in `member`
    Column("active", Boolean, nullable=False, default=True),
    Column("created", Float, nullable=False),
)  # fmt: skip

login = Table(  # failed attempts, by name asked for: too many close the door for a while
    "login", TABLES,
    Column("id", Integer, primary_key=True),
    Column("key", String(200), nullable=False, index=True),
    Column("at", Float, nullable=False, index=True),
)  # fmt: skip

session = Table(
    "session", TABLES,
    Column("token", String(64), primary_key=True),  # SHA-256 of what the browser holds
    Column("person_id", ForeignKey("person.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("csrf", String(64), nullable=False),
    Column("created", Float, nullable=False),
    Column("seen", Float, nullable=False),
)  # fmt: skip

project = Table(
    "project", TABLES,
    Column("id", Integer, primary_key=True),
    Column("key", String(200), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("kind", String(20), nullable=False),  # text, pair, answer
    Column("labels", Text, nullable=False),  # JSON list of {"name", "key", "about", "retired", "was"}; [] for marks
    Column("labels_version", Integer, nullable=False, default=1),
    Column("scale", Text),  # JSON [low, high, step] for marks
    Column("guidelines", Text, nullable=False, default=""),  # Markdown
    Column("overlap", Integer, nullable=False, default=2),  # people that each item is asked of
    Column("by", String(20), nullable=False, default="order"),  # order, random, doubt
    Column("seed", Integer, nullable=False, default=13),
    Column("columns", Text, nullable=False, default="{}"),  # JSON: the names of the columns the texts came from
    Column("created", Float, nullable=False),
    Column("closed", Boolean, nullable=False, default=False),
)  # fmt: skip

member = Table(
    "member", TABLES,
    Column("project_id", ForeignKey("project.id", ondelete="CASCADE"), primary_key=True),
    Column("person_id", ForeignKey("person.id", ondelete="CASCADE"), primary_key=True),
    Column("role", String(20), nullable=False),  # annotator, adjudicator
)  # fmt: skip

item = Table(
    "item", TABLES,
    Column("id", Integer, primary_key=True),
    Column("project_id", ForeignKey("project.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("name", String(400), nullable=False),  # its id in the file it came from
    Column("text_a", Text, nullable=False),
    Column("text_b", Text),  # the other text, or the key of an answer
    Column("context", Text),  # the question's text
    Column("doubt", Float),  # 0 (a model is sure) to 1
    Column("suggested", Text),  # a model's or a lexicon's label
    Column("extra", Text, nullable=False, default="{}"),  # JSON: the file's other columns
    Column("deleted", Boolean, nullable=False, default=False),
    Column("shuffle", BigInteger, nullable=False),  # at random, from the project's seed and the name
    Column("answers", Integer, nullable=False, default=0),  # how many count now
    Column("open", Boolean, nullable=False, default=True),  # not deleted, and fewer answers than wanted
    Column("disagreement", Float, nullable=False, default=0.0),  # of the answers that count now, 0 to 1
    Column("weight", Float, nullable=False, default=1.0),  # doubt x (1 + disagreement): what comes first by doubt
    UniqueConstraint("project_id", "name"),
    # What the queue walks along, without the texts.
    Index("item_in_order", "project_id", "open", "position"),
    Index("item_at_random", "project_id", "open", "shuffle"),
    Index("item_by_doubt", "project_id", "open", text("weight DESC"), "position"),
)  # fmt: skip

answer = Table(  # what counts now, one a person and item
    "answer", TABLES,
    Column("id", Integer, primary_key=True),
    Column("item_id", ForeignKey("item.id", ondelete="CASCADE"), nullable=False),
    Column("person_id", ForeignKey("person.id"), nullable=False),
    Column("label", Text),  # a label's name, or a mark as written; None where skipped
    Column("skipped", Boolean, nullable=False, default=False),
    Column("flagged", Boolean, nullable=False, default=False),
    Column("note", Text, nullable=False, default=""),
    Column("seconds", Float),  # from showing to saving
    Column("labels_version", Integer, nullable=False),
    Column("at", Float, nullable=False),
    UniqueConstraint("item_id", "person_id"),
    Index("answer_by_person", "person_id", "at"),
)  # fmt: skip

change = Table(  # all that was ever said, in order; what undo goes back over
    "change", TABLES,
    Column("id", Integer, primary_key=True),
    Column("item_id", ForeignKey("item.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("person_id", ForeignKey("person.id"), nullable=False),
    Column("kind", String(20), nullable=False),  # saved, undone, decided, relabelled, imported
    Column("before", Text),  # JSON of the answer before; None where there was none
    Column("after", Text),  # JSON of the answer after; None where it was taken back
    Column("undoes", ForeignKey("change.id", ondelete="CASCADE"), unique=True),  # what was undone
    Column("token", String(64), unique=True),  # of the request: one sent twice counts once
    Column("at", Float, nullable=False),
    Index("change_by_person", "person_id", "id"),
)  # fmt: skip

lease = Table(  # who is looking at what, so that no item is asked of more people than wanted
    "lease", TABLES,
    Column("item_id", ForeignKey("item.id", ondelete="CASCADE"), primary_key=True),
    Column("person_id", ForeignKey("person.id", ondelete="CASCADE"), primary_key=True),
    Column("project_id", ForeignKey("project.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("until", Float, nullable=False),
)  # fmt: skip

gold = Table(
    "gold", TABLES,
    Column("item_id", ForeignKey("item.id", ondelete="CASCADE"), primary_key=True),
    Column("label", Text, nullable=False),
    Column("person_id", ForeignKey("person.id"), nullable=False),
    Column("note", Text, nullable=False, default=""),
    Column("at", Float, nullable=False),
)  # fmt: skip
