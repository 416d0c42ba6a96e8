"""Loads model folders that scvae exported as scvi-tools does, and writes what it computes for the cells in cells.json.

    python test/interop/load_scvi.py test/fixtures/scvi/cells.json FOLDER...

Writes FOLDER/latent.f32: means of the normal posterior, cells x latent, row-major; for a LinearSCVI also FOLDER/loadings.f32:
genes x latent.
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


def main(cells, folders):
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    with open(cells) as file:
        content = json.load(file)
    counts = sparse.csr_matrix(np.array(content["counts"], dtype=np.float32))
    for folder in folders:
        obs = pd.DataFrame(content["obs"], index=[f"cell{i}" for i in range(counts.shape[0])])
        adata = anndata.AnnData(counts.copy(), obs, pd.DataFrame(index=content["genes"]))
        saved = torch.load(os.path.join(folder, "model.pt"), weights_only=False)
        model_class = getattr(scvi.model, saved["attr_dict"]["registry_"]["model_name"])
        model = model_class.load(folder, adata=adata, accelerator="cpu")
        latent, _ = model.get_latent_representation(return_dist=True)
        latent.astype("<f4").tofile(os.path.join(folder, "latent.f32"))
        if model_class is scvi.model.LinearSCVI:
            model.get_loadings().to_numpy().astype("<f4").tofile(os.path.join(folder, "loadings.f32"))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
