"""umap-learn on made-up points: python umap_learn.py FOLDER CELLS DIMENSIONS NEIGHBORS ROUNDS SEED

With a seed it lays out on one thread, with "none" on all of NUMBA_NUM_THREADS, and differently every time.
"""

import time

start = time.perf_counter()

import json
import sys
from pathlib import Path

import numpy as np
import umap

folder = Path(sys.argv[1])
cells, dimensions, neighbors, rounds = map(int, sys.argv[2:6])
seed = None if sys.argv[6] == "none" else int(sys.argv[6])
points = np.fromfile(folder / "points", np.float32).reshape(cells, dimensions)


def layout(of):
    return umap.UMAP(n_neighbors=neighbors, min_dist=0.5, random_state=seed).fit_transform(of)


# numba compiles on the first call; over 4,096 points are searched as many more are
layout(points[np.random.default_rng(0).permutation(cells)[:5000]])
started = time.perf_counter() - start

runs = []
for _ in range(rounds):
    wall, processor = time.perf_counter(), time.process_time()
    result = layout(points)
    runs.append({"seconds": time.perf_counter() - wall, "processor": time.process_time() - processor})
result.astype(np.float32).tofile(folder / "layout")
print(json.dumps({"started": started, "runs": runs}))
