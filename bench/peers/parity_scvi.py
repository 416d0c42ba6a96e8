"""scvi-tools' side of parity.mjs: SCVI models of one data set, one a seed, on given cells, genes and splits.

    python parity_scvi.py FOLDER

FOLDER holds plan.json {cells, genes, batchKey, batches, epochs, warmup, threads, seeds}, the counts as CSR (starts.i32, genes.i32,
counts.f32), with a batch key batch.i32, and for each seed SEED/train.i32 and SEED/heldout.i32. Writes for each seed
SEED/model.pt, SEED/latent.f32 (cells x latent, row-major) and, last, SEED/run.json; seeds that have one are skipped.
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
import pandas as pd
import scipy.sparse
import scvi
import torch

folder = Path(sys.argv[1])
plan = json.loads((folder / "plan.json").read_text())
torch.set_num_threads(plan["threads"])


def values(name, kind):
    return np.fromfile(folder / name, dtype=kind)


counts = scipy.sparse.csr_matrix(
    (values("counts.f32", "<f4"), values("genes.i32", "<i4"), values("starts.i32", "<i4")),
    shape=(plan["cells"], len(plan["genes"])),
)
adata = anndata.AnnData(counts, var=pd.DataFrame(index=plan["genes"]))
key = plan["batchKey"]
if key:
    codes = values("batch.i32", "<i4")
    adata.obs[key] = pd.Categorical.from_codes(codes, plan["batches"]).remove_unused_categories()
scvi.model.SCVI.setup_anndata(adata, batch_key=key)

for seed in plan["seeds"]:
    place = folder / str(seed)
    if (place / "run.json").exists():
        continue
    scvi.settings.seed = seed
    model = scvi.model.SCVI(adata, gene_likelihood="nb")
    split = [np.fromfile(place / f"{part}.i32", dtype="<i4") for part in ("train", "heldout")]
    start = time.perf_counter()
    model.train(
        max_epochs=plan["epochs"],
        accelerator="cpu",
        enable_progress_bar=False,
        logger=False,
        datasplitter_kwargs={"external_indexing": split},
        plan_kwargs={"n_epochs_kl_warmup": plan["warmup"]},
    )
    seconds = time.perf_counter() - start
    latent = model.get_latent_representation()
    np.ascontiguousarray(latent, dtype="<f4").tofile(place / "latent.f32")
    model.save(place, overwrite=True)
    run = {
        "seconds": seconds,
        "epochs": int(model.trainer.current_epoch),
        # scvi-tools' own figures: one draw a cell
        "elbo": float(model.get_elbo(indices=split[1])),
        "scvi": scvi.__version__,
        "torch": torch.__version__,
    }
    (place / "run.json").write_text(json.dumps(run))
    print(place, run, flush=True)
