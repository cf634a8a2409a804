"""Where people's labels are kept: accounts, projects, items, answers and what was decided, in SQLite or PostgreSQL.

All modules here need SQLAlchemy (`makna.core.optional.require("sqlalchemy", …)` first) and are imported late.
"""
