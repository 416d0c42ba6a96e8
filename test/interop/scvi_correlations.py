"""Writes test/fixtures/scvi/correlations.json: correlations of genes that scvi-tools finds on some of the fixtures, as means over
repeats, with the root mean square of their Monte Carlo errors.

    python test/interop/scvi_correlations.py test/fixtures/scvi && npx biome check --write test/fixtures/scvi

Needs scvi-tools 1.4.2 (requirements-scvi.txt).
"""

import json
import os
import sys
import warnings

import anndata
import numpy as np
import pandas as pd
import scvi
import torch
from scipy import sparse

NAMES = ["nb", "zinb-two-layers-latent-library-gene-batch", "linear-nb"]
REPEATS = 5
DRAWS = 200


def correlations(model, kind):
    found = [model.get_feature_correlation_matrix(n_samples=DRAWS, correlation_type=kind).to_numpy() for _ in range(REPEATS)]
    error = np.std(found, axis=0, ddof=1) / np.sqrt(REPEATS)
    above = np.triu_indices(error.shape[0], 1)
    return {
        "values": [round(float(value), 5) for value in np.mean(found, axis=0)[above]],
        "error": float(np.sqrt(np.mean(error[above] ** 2))),
    }


def main(folder):
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    scvi.settings.seed = 1
    with open(os.path.join(folder, "cells.json")) as file:
        content = json.load(file)
    counts = sparse.csr_matrix(np.array(content["counts"], dtype=np.float32))
    written = {}
    for name in NAMES:
        path = os.path.join(folder, name)
        obs = pd.DataFrame(content["obs"], index=[f"cell{i}" for i in range(counts.shape[0])])
        adata = anndata.AnnData(counts.copy(), obs, pd.DataFrame(index=content["genes"]))
        saved = torch.load(os.path.join(path, "model.pt"), weights_only=False)
        model_class = getattr(scvi.model, saved["attr_dict"]["registry_"]["model_name"])
        model = model_class.load(path, adata=adata, accelerator="cpu")
        written[name] = {kind: correlations(model, kind) for kind in ("pearson", "spearman")}
        print(name, {kind: found["error"] for kind, found in written[name].items()}, flush=True)
    with open(os.path.join(folder, "correlations.json"), "w") as file:
        json.dump({"draws": DRAWS, "repeats": REPEATS, "models": written}, file)


if __name__ == "__main__":
    main(sys.argv[1])
