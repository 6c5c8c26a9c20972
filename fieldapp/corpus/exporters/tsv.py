"""TSV: the same table as CSV with tabs between the cells, every text exactly as it is, for programs."""

from __future__ import annotations

from fieldapp.corpus.bundle import Bundle, Loss
from fieldapp.corpus.exporters import Options
from fieldapp.corpus.exporters.table import write_table
from fieldapp.corpus.output import Output

NAME = "tsv"
TITLE = "Table for programs (TSV)"
SUFFIX = ".tsv"


def write(bundle: Bundle, out: Output, options: Options) -> list[Loss]:
    """One file `segments.tsv`."""
    return write_table(bundle, out, options, "segments.tsv", "\t")
