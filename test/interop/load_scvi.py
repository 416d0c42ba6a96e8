"""Loads model folders that scvae exported as scvi-tools does, and writes the latents of the cells in cells.json.

    python test/interop/load_scvi.py test/fixtures/scvi/cells.json FOLDER...

Writes FOLDER/latent.f32: cells x latent, row-major.
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
        model = scvi.model.SCVI.load(folder, adata=adata, accelerator="cpu")
        latent = model.get_latent_representation()
        latent.astype("<f4").tofile(os.path.join(folder, "latent.f32"))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
