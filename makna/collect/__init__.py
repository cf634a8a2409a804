"""Files in and out, and the catalogue of public data."""
