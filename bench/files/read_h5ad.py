"""Reads one AnnData file with anndata and says how long that took, and how much memory the process had at its most."""

import json
import re
import sys
import time
from importlib.metadata import version

import anndata
import numpy as np

started = time.perf_counter()
adata = anndata.read_h5ad(sys.argv[1])
seconds = time.perf_counter() - started

with open("/proc/self/status") as status:
    kilobytes = int(re.search(r"^VmHWM:\s+(\d+) kB", status.read(), re.M)[1])
values = adata.X if isinstance(adata.X, np.ndarray) else adata.X.data
print(
    json.dumps(
        {
            "seconds": seconds,
            "peakBytes": kilobytes * 1024,
            "nonzeros": int(np.count_nonzero(values)),
            "sum": float(values.sum(dtype="f8")),
            "anndata": version("anndata"),
        }
    )
)
