"""Writes test/fixtures/scvi: small models that scvi-tools trained, and every number on the way from their counts to ten more
steps of training, in float64.

    python test/interop/scvi_debug_state.py test/fixtures/scvi [NAME...] && npx biome check --write test/fixtures/scvi

Needs scvi-tools 1.4.2 and torch 2.13 (requirements-scvi.txt). Another processor rounds otherwise, so that the weights differ in
their last digits: with names, only these models are written. For each it writes

    NAME/model.pt            as SCVI.save and LinearSCVI.save do
    NAME/state.safetensors   what scvi-tools computes with it, see debug_state()

and once cells.json, the counts and obs columns that all models share.
"""

import json
import os
import struct
import sys
import warnings

import anndata
import numpy as np
import pandas as pd
import scvi
import torch
from scipy import sparse

CELLS = 24
GENES = 20
SEED = 20260731
KL_WEIGHT = 0.37
STEPS = 10
# purposes of src/numeric/philox.ts
LATENT = 1
LIBRARY = 2

BATCH = {"batch_key": "batch"}
COVARIATES = {
    **BATCH,
    "categorical_covariate_keys": ["donor", "one", "day"],
    "continuous_covariate_keys": ["age", "score"],
}
MODELS = {
    "nb": ({}, {"gene_likelihood": "nb"}),
    "nb-two-layers-batch": (BATCH, {"gene_likelihood": "nb", "n_layers": 2}),
    "nb-gene-batch": (BATCH, {"gene_likelihood": "nb", "dispersion": "gene-batch"}),
    "nb-latent-library": (BATCH, {"gene_likelihood": "nb", "use_observed_lib_size": False}),
    "nb-size-factor-covariates": ({**COVARIATES, "size_factor_key": "factor"}, {"gene_likelihood": "nb"}),
    "nb-two-layers-layer-norm": (
        BATCH,
        {"gene_likelihood": "nb", "n_layers": 2, "use_layer_norm": "both", "use_batch_norm": "none"},
    ),
    "zinb-batch": (BATCH, {}),
    "zinb-covariates": (COVARIATES, {}),
    "zinb-two-layers-encode-covariates": (COVARIATES, {"n_layers": 2, "encode_covariates": True}),
    "zinb-two-layers-first-layer-covariates": (
        COVARIATES,
        {"n_layers": 2, "encode_covariates": True, "deeply_inject_covariates": False},
    ),
    "zinb-two-layers-latent-library-gene-batch": (
        COVARIATES,
        {
            "n_layers": 2,
            "use_observed_lib_size": False,
            "dispersion": "gene-batch",
            "encode_covariates": True,
        },
    ),
    "poisson": ({}, {"gene_likelihood": "poisson"}),
    "poisson-two-layers-covariates": (COVARIATES, {"gene_likelihood": "poisson", "n_layers": 2}),
    "poisson-latent-library": (BATCH, {"gene_likelihood": "poisson", "use_observed_lib_size": False}),
    "nb-logistic-normal": ({}, {"gene_likelihood": "nb", "latent_distribution": "ln"}),
    "zinb-two-layers-logistic-normal-batch": (BATCH, {"n_layers": 2, "latent_distribution": "ln"}),
}
# without use_observed_lib_size the library is latent; LinearSCVI takes no covariate but the batch
LINEAR_MODELS = {
    "linear-nb": ({}, {}),
    "linear-nb-batch": (BATCH, {"use_observed_lib_size": True}),
    "linear-nb-bias-no-batch-norm": (BATCH, {"use_observed_lib_size": True, "use_batch_norm": False, "bias": True}),
    "linear-zinb-two-layers-gene-batch": (
        BATCH,
        {"gene_likelihood": "zinb", "n_layers": 2, "dispersion": "gene-batch"},
    ),
    "linear-zinb-bias": ({}, {"gene_likelihood": "zinb", "use_observed_lib_size": True, "bias": True}),
    "linear-poisson-logistic-normal-batch": (BATCH, {"gene_likelihood": "poisson", "latent_distribution": "ln"}),
}


def cells():
    """Counts with many zeros and a few large values, and columns of every type that a covariate may have."""
    rng = np.random.default_rng(7)
    mean = rng.gamma(0.5, 4, (3, GENES))
    kind = rng.integers(0, 3, CELLS)
    counts = rng.poisson(mean[kind] * rng.gamma(1, 1, (CELLS, GENES)))
    counts[:, 0] += 1
    counts[3, 5] = 400
    obs = pd.DataFrame(
        {
            "batch": np.array(["late", "early", "middle"])[np.arange(CELLS) % 3],
            "donor": rng.choice(["d1", "d2", "d3", "d4"], CELLS),
            "one": ["same"] * CELLS,
            "day": rng.choice([10, 2], CELLS),
            "age": rng.normal(size=CELLS),
            "score": rng.normal(size=CELLS),
            "factor": rng.uniform(0.5, 60, CELLS),
        },
        index=[f"cell{i}" for i in range(CELLS)],
    )
    var = pd.DataFrame(index=[f"gene{i}" for i in range(GENES)])
    return anndata.AnnData(sparse.csr_matrix(counts.astype(np.float32)), obs, var)


def philox(counter, key):
    """Philox 4x32-10 (Salmon et al. 2011)."""
    c = list(counter)
    k = list(key)
    mask = 0xFFFFFFFF
    for _ in range(10):
        p0 = 0xD2511F53 * c[0]
        p1 = 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k[0], p1 & mask, (p0 >> 32) ^ c[3] ^ k[1], p0 & mask]
        k = [(k[0] + 0x9E3779B9) & mask, (k[1] + 0xBB67AE85) & mask]
    return c


def normal(purpose, step, row, column):
    """The noise of scvae's kernels, so that both draw the same latents."""
    words = philox([column >> 1, row, step, 0], [SEED, purpose])
    first, second = words[2 * (column & 1)], words[2 * (column & 1) + 1]
    radius = np.sqrt(-2 * np.log(((first >> 8) + 0.5) * 2.0**-24))
    return radius * np.cos(2 * np.pi * ((second >> 8) + 0.5) * 2.0**-24)


class Draws:
    """Stands in for Normal.rsample: the draws of one forward pass, first the latent's, then the library's."""

    def __init__(self, n_latent, step, one_row=False):
        rows = [0] * CELLS if one_row else range(CELLS)
        self.queue = [
            [[normal(purpose, step, row, column) for column in range(columns)] for row in rows]
            for purpose, columns in ((LATENT, n_latent), (LIBRARY, 1))
        ]

    def __enter__(self):
        self.original = torch.distributions.Normal.rsample
        queue = self.queue
        torch.distributions.Normal.rsample = lambda dist, shape=(): dist.loc + dist.scale * torch.tensor(queue.pop(0))
        return self

    def __exit__(self, *_):
        torch.distributions.Normal.rsample = self.original


def mean_of_softmax(mean, variance, nodes=48):
    """The mean of softmax(z) for z ~ N(mean, variance), cells x latent, by Gauss and Hermite's rule in each dimension."""
    points, weights = np.polynomial.hermite_e.hermegauss(nodes)
    dimensions = mean.shape[1]
    noise = torch.tensor(np.stack(np.meshgrid(*[points] * dimensions, indexing="ij"), -1).reshape(-1, dimensions))
    weight = torch.tensor(np.prod(np.meshgrid(*[weights / weights.sum()] * dimensions, indexing="ij"), axis=0).ravel())
    return torch.stack(
        [weight @ torch.softmax(m + v.sqrt() * noise, dim=-1) for m, v in zip(mean, variance, strict=True)]
    )


def losses(module, tensors, step, one_row=False):
    with Draws(module.n_latent, step, one_row):
        inference = module.inference(**module._get_inference_input(tensors))
    generative = module.generative(**module._get_generative_input(tensors, inference))
    loss = module.loss(tensors, inference, generative, kl_weight=KL_WEIGHT)
    terms = torch.stack(
        [
            loss.reconstruction_loss["reconstruction_loss"],
            loss.kl_local["kl_divergence_z"],
            loss.kl_local["kl_divergence_l"],
        ]
    )
    return loss.loss, terms


def debug_state(model):
    """
    mean, variance    of the normal posterior of the latent, with the running statistics, cells x latent
    latent            logistic-normal latents only: the exact mean of the posterior's softmax, cells x latent
    loadings          LinearSCVI only: get_loadings(), genes x latent
    rate              expected counts at that mean, or at its softmax (and at the mean of the library), cells x genes
    dropout           logits of dropout, zinb only
    terms             3 x cells: reconstruction, KL of latent, of library, with the noise of the minibatch's first row
    losses            10 x 3: the means of these over the cells, of ten training steps
    gradient/NAME     of the first step's loss
    after/NAME        parameters and running statistics after the ten steps
    """
    module = model.module.double()
    tensors = next(iter(model._make_data_loader(adata=model.adata, batch_size=CELLS)))
    tensors = {
        key: value.double() if value.is_floating_point() else value
        for key, value in tensors.items()
        if value is not None
    }
    state = {}
    if isinstance(model, scvi.model.LinearSCVI):
        state["loadings"] = torch.tensor(model.get_loadings().to_numpy())
    module.eval()
    with torch.no_grad():
        inference = module.inference(**module._get_inference_input(tensors))
        state["mean"] = inference["qz"].loc
        state["variance"] = inference["qz"].variance
        inference["z"] = module.z_encoder.z_transformation(inference["qz"].loc)
        if module.latent_distribution == "ln":
            state["latent"] = mean_of_softmax(state["mean"], state["variance"])
        if inference["ql"] is not None:
            inference["library"] = inference["ql"].loc
        px = module.generative(**module._get_generative_input(tensors, inference))["px"]
        state["rate"] = px.rate if module.gene_likelihood == "poisson" else px.mu
        if module.gene_likelihood == "zinb":
            state["dropout"] = px.zi_logits
        state["terms"] = losses(module, tensors, 0, one_row=True)[1]

    module.train()
    optimizer = torch.optim.Adam(module.parameters(), lr=1e-3, eps=0.01, weight_decay=1e-6)
    steps = []
    for step in range(1, STEPS + 1):
        optimizer.zero_grad()
        loss, terms = losses(module, tensors, step)
        loss.backward()
        steps.append(terms.mean(dim=1).detach())
        if step == 1:
            for name, parameter in module.named_parameters():
                if parameter.grad is not None:
                    state[f"gradient/{name}"] = parameter.grad.clone()
        optimizer.step()
    state["losses"] = torch.stack(steps)
    for name, value in module.state_dict().items():
        if value.is_floating_point():
            state[f"after/{name}"] = value
    return state


def write_safetensors(path, state):
    header = {}
    parts = []
    end = 0
    for name, value in state.items():
        array = np.atleast_2d(value.detach().numpy()).astype("<f4")
        parts.append(array.tobytes())
        header[name] = {"dtype": "F32", "shape": array.shape, "data_offsets": [end, end + array.nbytes]}
        end += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(parts))


def write_cells(path, adata):
    content = {
        "genes": list(adata.var_names),
        "counts": adata.X.toarray().astype(int).tolist(),
        "obs": {name: column.tolist() for name, column in adata.obs.items()},
    }
    with open(path, "w") as file:
        json.dump(content, file)


def write_model(folder, name, model_class, setup, options):
    scvi.settings.seed = 1
    adata = cells()
    model_class.setup_anndata(adata, **setup)
    model = model_class(adata, n_hidden=7, n_latent=3, dropout_rate=0, **options)
    model.train(max_epochs=20, batch_size=8, accelerator="cpu", enable_progress_bar=False, plan_kwargs={"lr": 0.02})
    model.save(os.path.join(folder, name), overwrite=True)
    latent = model.get_latent_representation()
    # scvi-tools casts one-hot rows to float32
    single = torch.Tensor.float
    torch.Tensor.float = torch.Tensor.double
    state = debug_state(model)
    torch.Tensor.float = single
    if "latent" in state:
        # scvi-tools takes the mean of 5000 draws, which lie between 0 and 1
        apart = np.abs(latent - state["latent"].numpy()).max()
        assert apart < 6 * 0.5 / np.sqrt(5000), apart
    write_safetensors(os.path.join(folder, name, "state.safetensors"), state)
    print(name, [round(float(x), 3) for x in state["losses"][0]])


def main(folder, names):
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    os.makedirs(folder, exist_ok=True)
    write_cells(os.path.join(folder, "cells.json"), cells())
    for model_class, models in ((scvi.model.SCVI, MODELS), (scvi.model.LinearSCVI, LINEAR_MODELS)):
        for name, (setup, options) in models.items():
            if not names or name in names:
                write_model(folder, name, model_class, setup, options)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
