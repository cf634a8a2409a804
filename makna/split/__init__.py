"""Hold-out parts and folds, stratified and grouped."""
