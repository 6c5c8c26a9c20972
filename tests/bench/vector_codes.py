"""How many of the ten nearest one byte a number holds, in every space of a fieldbook: whole answers, and the first ten and twenty by the codes alone.

    python tests/bench/vector_codes.py FIELDBOOK... > tests/bench/results/DATE-vector-codes.json

The queries are vectors of the space to which half of another was added; the truth is comparing with every stored vector. "bytes" are those of
the vectors themselves, "codes" those around the centre of the space (`fieldapp/store/codes.py`). Nothing is made in the fieldbook.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldapp.model import Space
from fieldapp.store import spaces, truth
from fieldapp.store.codes import centre_of
from fieldapp.store.exact import I64, unit
from fieldapp.store.index import VectorIndex
from fieldapp.store.space_rows import Part, SpaceRows
from fieldapp.store.store import Store

K, QUERIES, FEWEST = 10, 200, 300


def measured(store: Store, index: VectorIndex, space: Space) -> dict[str, Any] | None:
    """One space; None where it holds too little."""
    db = store.reader()
    stored = truth.together(truth.after(db, space, 0), space)
    if len(stored.pks) < FEWEST:
        return None
    whole = unit(stored.vectors)
    place = {number: row for row, number in enumerate(stored.segments.tolist())}
    names = {name: place[pk] for name, pk in db.execute("SELECT id, pk FROM segment") if pk in place}
    chance = np.random.default_rng(0)
    queries = unit(unit(whole[chance.choice(len(whole), QUERIES)]) + np.float32(0.5) * whole[chance.choice(len(whole), QUERIES)])
    around_nothing = np.zeros(space.dims, np.float32)
    coded = {
        name: SpaceRows(Part.of(stored.pks, stored.segments, stored.vectors, centre), centre)
        for name, centre in (("bytes", around_nothing), ("codes", centre_of(stored.vectors)))
    }
    shares: dict[str, list[float]] = {"answers": [], **{f"{name}, first {count}": [] for name in coded for count in (K, 2 * K)}}
    for query in queries:
        scores = whole @ query
        near = scores >= np.partition(scores, len(scores) - K)[len(scores) - K] - 1e-6  # of equal ones each is right
        found = np.array([names[name] for name, _ in index.search(space, query, K)])
        shares["answers"].append(_share(near, found))
        for name, rows in coded.items():
            for count in (K, 2 * K):
                shares[f"{name}, first {count}"].append(_share(near, rows.best(query, count)[0]))
    told = {name: round(float(np.mean(some)), 4) for name, some in shares.items()}
    length = round(float(np.linalg.norm(centre_of(whole))), 4)
    return {"kind": space.kind, "head": space.head, "rows": len(whole), "dims": space.dims, "length_of_the_centre": length, **told}


def _share(near: NDArray[np.bool_], found: I64) -> float:
    return min(K, int(near[found].sum())) / K


def main(folders: list[str]) -> None:
    """Every space of the fieldbooks."""
    found = []
    for folder in folders:
        with Store.open(Path(folder), read_only=True) as store, VectorIndex(store, background=False) as index:
            found += [told for space in spaces.spaces(store.reader()) if (told := measured(store, index, space))]
    sys.stdout.write(json.dumps({"queries": QUERIES, "nearest": K, "spaces": found}, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
