"""A study as data: schema, registry and runner."""
