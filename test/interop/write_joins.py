"""Writes three AnnData files of overlapping genes, a sample sheet of them, and what anndata joins them to; the same of three
real files in a folder below, where there are such.

    python write_joins.py FOLDER [FOLDER OF REAL FILES]
"""

import os
import sys
import warnings

import anndata
import numpy as np
import pandas as pd
from scipy import sparse

SAMPLES = {"a": (60, "csr"), "b": (45, "csc"), "c": (70, "dense")}
REAL = {
    "cite": "cite_pbmc_3762x2000_49proteins.h5ad",
    "bladder": "mouse_bladder_2100x20670.h5ad",
    "pbmc4k": "pbmc4k_10x_4271x2000.h5ad",
}
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


def write_joined(parts, folder):
    for join in ("inner", "outer"):
        joined = anndata.concat(parts, join=join, label="scvae_file", index_unique="-")
        joined.X = sparse.csr_matrix(joined.X)
        joined.write_h5ad(os.path.join(folder, f"{join}.h5ad"))
    print(f"anndata joined {len(parts)} files: {', '.join(parts)}")


def write_simulated(folder):
    os.makedirs(folder, exist_ok=True)
    random = np.random.default_rng(11)
    parts = {name: sample(random, cells, form) for name, (cells, form) in SAMPLES.items()}
    with open(os.path.join(folder, "sheet.csv"), "w") as sheet:
        sheet.write("path,sample,donor\n")
        for i, (name, part) in enumerate(parts.items()):
            part.write_h5ad(os.path.join(folder, f"{name}.h5ad"))
            sheet.write(f"{name}.h5ad,{name},d{i % 2}\n")
    write_joined(parts, folder)


def write_real(folder, real):
    os.makedirs(folder, exist_ok=True)
    paths = {name: os.path.abspath(os.path.join(real, file)) for name, file in REAL.items()}
    with open(os.path.join(folder, "sheet.csv"), "w") as sheet:
        sheet.write("path,sample,donor\n")
        for i, (name, path) in enumerate(paths.items()):
            sheet.write(f"{path},{name},d{i % 2}\n")
    write_joined({name: anndata.read_h5ad(path) for name, path in paths.items()}, folder)


def main():
    folder, *real = sys.argv[1:]
    warnings.simplefilter("ignore")
    write_simulated(folder)
    if real and os.path.isdir(real[0]):
        write_real(os.path.join(folder, "real"), real[0])
    else:
        print("no real files: only simulated ones are joined")


main()
