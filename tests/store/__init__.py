"""Tests of the fieldbook on disk; a package, so that its conftest has a name of its own."""
