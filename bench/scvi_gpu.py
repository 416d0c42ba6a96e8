"""Cells per second of scvi-tools' SCVI in training, on a CUDA card where there is one; one JSON line.

    python scvi_gpu.py CELLS GENES DENSITY BATCH SECONDS
"""

import json
import logging
import sys
import time
import warnings

import anndata
import numpy as np
import scipy.sparse
import scvi
import torch

warnings.filterwarnings("ignore")
logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)

cells, genes = int(sys.argv[1]), int(sys.argv[2])
density, batch, seconds = float(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5])

rng = np.random.default_rng(1)
counts = scipy.sparse.random(cells, genes, density, format="csr", random_state=rng)
counts.data = rng.geometric(0.5, counts.nnz).astype("float32")
adata = anndata.AnnData(counts.astype("float32"))

scvi.settings.seed = 0
scvi.settings.verbosity = logging.ERROR
scvi.model.SCVI.setup_anndata(adata)
model = scvi.model.SCVI(adata, gene_likelihood="nb")
cuda = torch.cuda.is_available()


def train(epochs: int) -> float:
    start = time.perf_counter()
    model.train(
        max_epochs=epochs,
        train_size=1,
        batch_size=batch,
        accelerator="gpu" if cuda else "cpu",
        enable_progress_bar=False,
        logger=False,
    )
    return time.perf_counter() - start


# starting a run costs time of its own: the difference of two lengths is what epochs cost
train(1)
one = train(1)
epochs = 1 + max(1, round(seconds / max(one, 1e-3)))
rate = cells * (epochs - 1) / max(train(epochs) - one, 1e-9)
print(
    json.dumps(
        {
            "cellsPerSecond": rate,
            "epochs": epochs,
            "device": torch.cuda.get_device_name() if cuda else "cpu",
            "scvi": scvi.__version__,
            "torch": torch.__version__,
        }
    )
)
