"""Bringing recordings in: where sound files, manifests and the store meet. Runs on the thread of whoever imports; knows no Qt."""
