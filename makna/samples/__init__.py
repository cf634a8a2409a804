"""Small tables written for makna, so that everything runs offline."""
