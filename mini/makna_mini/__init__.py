"""The files of makna-mini, a small Indonesian text encoder: `model/` and `vectors/`. Data only."""
