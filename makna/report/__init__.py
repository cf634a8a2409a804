"""Figures, tables and the page a study leaves."""
