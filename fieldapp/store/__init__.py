"""The fieldbook on disk: SQLite as the truth, everything else a cache that can be rebuilt."""
