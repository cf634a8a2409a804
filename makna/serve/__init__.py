"""A saved system, used."""
