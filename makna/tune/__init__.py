"""The search for settings, on validation rows only."""
