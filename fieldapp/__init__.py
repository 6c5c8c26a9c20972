"""Fieldapp: the field recorder that understands what it records."""

__version__ = "0.1.0"
