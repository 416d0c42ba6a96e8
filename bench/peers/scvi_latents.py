"""Latent means of scvi-tools' SCVI on counts that quality.mjs wrote.

    python scvi_latents.py FOLDER SEED MAX_EPOCHS

FOLDER holds shape.json {cells, genes, batch}, the counts as CSR (starts.i32, genes.i32, counts.f32) and, with batch, batch.i32.
Writes latent.f32 (cells x 10, row-major) and prints one line of JSON. MAX_EPOCHS "auto" leaves scvi-tools its own rule.
"""

import json
import logging
import sys
import time
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

import anndata
import numpy as np
import scipy.sparse
import scvi
import torch

folder, seed, max_epochs = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
shape = json.loads((folder / "shape.json").read_text())


def values(name, kind):
    return np.fromfile(folder / name, dtype=kind)


counts = scipy.sparse.csr_matrix(
    (values("counts.f32", "<f4"), values("genes.i32", "<i4"), values("starts.i32", "<i4")),
    shape=(shape["cells"], shape["genes"]),
)
adata = anndata.AnnData(counts)
if shape["batch"]:
    adata.obs["batch"] = values("batch.i32", "<i4").astype(str)

scvi.settings.seed = seed
scvi.settings.verbosity = logging.ERROR
scvi.model.SCVI.setup_anndata(adata, batch_key="batch" if shape["batch"] else None)
model = scvi.model.SCVI(adata, gene_likelihood="nb")
start = time.perf_counter()
model.train(
    max_epochs=None if max_epochs == "auto" else int(max_epochs),
    accelerator="cpu",
    enable_progress_bar=False,
    logger=False,
)
latent = model.get_latent_representation()
seconds = time.perf_counter() - start
np.ascontiguousarray(latent, dtype="<f4").tofile(folder / "latent.f32")
print(
    json.dumps(
        {
            "seconds": seconds,
            "epochs": int(model.trainer.current_epoch),
            "scvi": scvi.__version__,
            "torch": torch.__version__,
        }
    )
)
