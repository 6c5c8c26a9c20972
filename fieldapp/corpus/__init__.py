"""In from anywhere, out to everywhere: exporters, importers, deposits, validators."""
