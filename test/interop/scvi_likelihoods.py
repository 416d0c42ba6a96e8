"""Writes test/fixtures/scvi/likelihoods.json: what scvi-tools says of the likelihood of the fixtures' cells, each with its
Monte Carlo error.

    python test/interop/scvi_likelihoods.py test/fixtures/scvi && npx biome check --write test/fixtures/scvi

Needs scvi-tools 1.4.2 (requirements-scvi.txt). The marginal likelihood of a logistic normal latent is left out: there scvi-tools
takes the prior's density at the softmax of the draw.
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

REPEATS = 60
DRAWS = 2000
PREDICTED = 500


def summary(values):
    values = np.asarray(values, dtype=np.float64)
    return {"mean": float(values.mean()), "error": float(values.std(ddof=1) / np.sqrt(len(values)))}


def likelihoods(model, latent):
    elbo = [float(model.get_elbo()) for _ in range(REPEATS)]
    error = [float(model.get_reconstruction_error()["reconstruction_loss"]) for _ in range(REPEATS)]
    sample = model.posterior_predictive_sample(n_samples=PREDICTED)
    sample = sample.todense() if hasattr(sample, "todense") else np.asarray(sample)
    zeros = (sample == 0).mean(axis=(0, 1))
    found = {
        "elbo": summary(elbo),
        "reconstructionError": summary(error),
        "predictedZeros": {"mean": float(zeros.mean()), "error": float(zeros.std(ddof=1) / np.sqrt(PREDICTED))},
    }
    if latent != "ln":
        found["marginal"] = summary([float(model.get_marginal_ll(n_mc_samples=DRAWS, n_mc_samples_per_pass=250)) for _ in range(4)])
    if not model.module.use_observed_lib_size and not model.module.use_size_factor_key:
        found["library"] = model.get_latent_library_size().ravel().astype(float).tolist()
    if model.module.gene_likelihood != "poisson":
        found["dispersions"] = model.get_likelihood_parameters()["dispersions"][:3, :4].astype(float).tolist()
    return found


def main(folder):
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    scvi.settings.seed = 1
    with open(os.path.join(folder, "cells.json")) as file:
        content = json.load(file)
    counts = sparse.csr_matrix(np.array(content["counts"], dtype=np.float32))
    written = {}
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if not os.path.isdir(path):
            continue
        obs = pd.DataFrame(content["obs"], index=[f"cell{i}" for i in range(counts.shape[0])])
        adata = anndata.AnnData(counts.copy(), obs, pd.DataFrame(index=content["genes"]))
        saved = torch.load(os.path.join(path, "model.pt"), weights_only=False)
        model_class = getattr(scvi.model, saved["attr_dict"]["registry_"]["model_name"])
        model = model_class.load(path, adata=adata, accelerator="cpu")
        written[name] = likelihoods(model, model.module.latent_distribution)
        print(name, flush=True)
    with open(os.path.join(folder, "likelihoods.json"), "w") as file:
        json.dump(written, file)


if __name__ == "__main__":
    main(sys.argv[1])
