"""Texts and pairs as numbers."""
