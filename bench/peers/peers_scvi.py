"""One whole job with scvi-tools: a file is read, genes are chosen, SCVI is trained, latents and model are written.

    python peers_scvi.py JOB.json SPAWNED

JOB.json is what peers.mjs writes (see peers-job.mjs), SPAWNED the time when this process was started, in ms since 1970. Prints
one line of JSON: seconds since then at the end of each phase, and the cells trained on each second.
"""

import json
import logging
import sys
import time
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

import anndata
import numpy as np
import scanpy
import scvi
import torch
from lightning.pytorch.callbacks import Callback

with open(sys.argv[1]) as file:
    job = json.load(file)
spawned = float(sys.argv[2]) / 1000
ends = {}


def finish(phase):
    ends[phase] = time.time() - spawned


class EpochClock(Callback):
    """Seconds spent in epochs of training."""

    seconds = 0.0

    def on_train_epoch_start(self, trainer, module):
        self.started = time.perf_counter()

    def on_train_epoch_end(self, trainer, module):
        self.seconds += time.perf_counter() - self.started


def chosen_cells(adata):
    keep = np.ones(adata.n_obs, dtype=bool)
    for column in {term["column"] for term in job["subset"]}:
        values = [term["value"] for term in job["subset"] if term["column"] == column]
        keep &= adata.obs[column].astype(str).isin(values).to_numpy()
    return adata if keep.all() else adata[keep].copy()


def split(n_cells):
    heldout = np.fromfile(job["heldout"], dtype="<i4")
    train = np.setdiff1d(np.arange(n_cells), heldout)
    # a last minibatch of one or two cells would end the run
    rest = len(train) % 128
    if rest in (1, 2):
        heldout = np.concatenate([heldout, train[-rest:]])
        train = train[:-rest]
    return train, heldout


torch.set_num_threads(job["threads"])
scvi.settings.seed = job["seed"]
scvi.settings.verbosity = logging.ERROR
finish("start")

adata = chosen_cells(anndata.read_h5ad(job["file"]))
genes = adata
if job["nTopGenes"] is not None:
    found = scanpy.pp.highly_variable_genes(
        adata,
        flavor="seurat_v3",
        n_top_genes=job["nTopGenes"],
        batch_key=job["batchKey"],
        inplace=False,
    )
    genes = adata[:, found["highly_variable"].to_numpy()].copy()
finish("read")

scvi.model.SCVI.setup_anndata(genes, batch_key=job["batchKey"])
model = scvi.model.SCVI(genes, gene_likelihood="nb")
train, heldout = split(genes.n_obs)
clock = EpochClock()
warmup = {} if job["klWarmup"] is None else {"n_epochs_kl_warmup": job["klWarmup"]}
model.train(
    max_epochs=job["maxEpochs"],
    accelerator="cpu",
    datasplitter_kwargs={"external_indexing": [train, heldout, np.array([], dtype=int)]},
    plan_kwargs=warmup,
    callbacks=[clock],
    enable_progress_bar=False,
)
finish("train")

adata.obsm["X_scVI"] = model.get_latent_representation()
finish("latent")
if job["workflow"]:
    scanpy.pp.neighbors(adata, use_rep="X_scVI", random_state=job["seed"])
    finish("neighbours")
    scanpy.tl.leiden(adata, flavor="leidenalg", n_iterations=2, random_state=job["seed"])
    finish("clusters")
    scanpy.tl.umap(adata, random_state=job["seed"])
    finish("umap")
adata.write_h5ad(job["output"])
model.save(job["model"])
finish("write")

epochs = int(model.trainer.current_epoch)
print(
    json.dumps(
        {
            "ends": ends,
            "epochs": epochs,
            "trainCellsPerSecond": epochs * len(train) / clock.seconds,
            "versions": {
                "scvi-tools": scvi.__version__,
                "torch": torch.__version__,
                "python": sys.version.split()[0],
            },
        }
    )
)
