"""Writes three AnnData files of overlapping genes, a sample sheet of them, and what anndata joins them to.

    python write_joins.py FOLDER
"""

import os
import sys
import warnings

import anndata
import numpy as np
import pandas as pd
from scipy import sparse

SAMPLES = {"a": (60, "csr"), "b": (45, "csc"), "c": (70, "dense")}
GENES = [f"ENSG{i:011d}" for i in range(50)]


def sample(random, cells, form):
    genes = random.permutation(GENES)[: int(random.integers(35, 45))]
    counts = random.poisson(0.8, (cells, len(genes))).astype("float32")
    x = {"csr": sparse.csr_matrix, "csc": sparse.csc_matrix, "dense": np.asarray}[form](counts)
    obs = pd.DataFrame(
        {"type": pd.Categorical(random.choice(["T", "B", "NK"], cells)), "depth": counts.sum(1)},
        index=[f"cell{i}" for i in range(cells)],
    )
    return anndata.AnnData(x, obs=obs, var=pd.DataFrame(index=genes))


def main():
    folder = sys.argv[1]
    warnings.simplefilter("ignore")
    os.makedirs(folder, exist_ok=True)
    random = np.random.default_rng(11)
    parts = {name: sample(random, cells, form) for name, (cells, form) in SAMPLES.items()}
    with open(os.path.join(folder, "sheet.csv"), "w") as sheet:
        sheet.write("path,sample,donor\n")
        for i, (name, part) in enumerate(parts.items()):
            part.write_h5ad(os.path.join(folder, f"{name}.h5ad"))
            sheet.write(f"{name}.h5ad,{name},d{i % 2}\n")
    for join in ("inner", "outer"):
        joined = anndata.concat(parts, join=join, label="scvae_file", index_unique="-")
        joined.X = sparse.csr_matrix(joined.X)
        joined.write_h5ad(os.path.join(folder, f"{join}.h5ad"))
    print(f"anndata joined {len(parts)} files")


main()
