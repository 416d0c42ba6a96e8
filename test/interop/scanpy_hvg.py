"""Highly variable genes of scanpy, flavour seurat_v3, of h5ad files.

    python test/interop/scanpy_hvg.py FOLDER

FOLDER/request.json is a list of {"path", "batchKey": KEY or null, "nTopGenes": [N, ...]}. For the i-th of these writes
FOLDER/i.json: a list with one entry for each N,
{"nTopGenes": N,
 "genes": positions of the chosen genes, ascending, by scanpy as it is,
 "stable": {"genes", "medianRank", "nTopBatches"}: the same, and two numbers a gene, with ties ranked by position,
 "normalizedVariance", "means", "variances": one number a gene}.

scanpy ranks by np.argsort, whose default leaves the order of equal values to the processor's instructions.
"""

import json
import sys
import warnings
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import anndata
import numpy as np
import scanpy


@contextmanager
def stable_argsort():
    argsort = np.argsort
    np.argsort = partial(argsort, kind="stable")
    try:
        yield
    finally:
        np.argsort = argsort


def chosen(found):
    return np.flatnonzero(found["highly_variable"].to_numpy()).tolist()


def variable_genes(adata, n_top_genes, batch_key):
    choose = partial(
        scanpy.pp.highly_variable_genes,
        flavor="seurat_v3",
        n_top_genes=n_top_genes,
        batch_key=batch_key,
        inplace=False,
    )
    found = choose(adata)
    with stable_argsort():
        stable = choose(adata)
    ranks = stable["highly_variable_rank"]
    return {
        "nTopGenes": n_top_genes,
        "genes": chosen(found),
        "stable": {
            "genes": chosen(stable),
            "medianRank": [None if np.isnan(rank) else float(rank) for rank in ranks],
            # without a batch key scanpy does not say
            "nTopBatches": stable["highly_variable_nbatches"].tolist() if batch_key else None,
        },
        "normalizedVariance": found["variances_norm"].tolist(),
        "means": found["means"].tolist(),
        "variances": found["variances"].tolist(),
    }


def main(folder):
    warnings.simplefilter("ignore")
    for i, wanted in enumerate(json.loads((folder / "request.json").read_text())):
        adata = anndata.read_h5ad(wanted["path"])
        cases = [variable_genes(adata, n, wanted["batchKey"]) for n in wanted["nTopGenes"]]
        (folder / f"{i}.json").write_text(json.dumps(cases))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
