"""Cuts real files into samples, with a sheet for each study: cut_samples.py DATA OUT CELLS

`kang/` has Kang's eight donors, `mixology/` sc_mixology's batches, each with at most CELLS cells, and a broken sample.
"""

import csv
import sys
from pathlib import Path

import anndata as ad
import numpy as np

STUDIES = {
    "kang": ("kang_ctrl_8donors_12261x1287.h5ad", ("donor", "replicate", "ind", "patient", "batch")),
    "mixology": ("sc_mixology_5batches_celllines.h5ad", ("batch", "protocol", "sample")),
}
data, out, most = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
for study, (name, columns) in STUDIES.items():
    folder = out / study
    folder.mkdir(parents=True)
    whole = ad.read_h5ad(data / name)
    column = next(column for column in columns if column in whole.obs)
    rows = []
    for value in sorted(whole.obs[column].astype(str).unique()):
        cells = np.flatnonzero(whole.obs[column].astype(str) == value)[:most]
        sample = "".join(c if c.isalnum() else "_" for c in value)
        whole[cells].copy().write_h5ad(folder / f"{sample}.h5ad")
        rows.append({"path": f"{sample}.h5ad", "sample": sample, "batch": value})
    (folder / "broken.h5ad").write_bytes((folder / rows[0]["path"]).read_bytes()[:1000])
    rows.append({"path": "broken.h5ad", "sample": "broken", "batch": "broken"})
    with open(folder / "samples.csv", "w", newline="") as file:
        table = csv.DictWriter(file, ["path", "sample", "batch"], lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
