"""Which words decided, and where a system fails."""
