"""Lexicons, weak labels and agreement."""
