"""The studies that makna ships, one recipe each."""
