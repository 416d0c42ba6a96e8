"""Runs each command that asks a fitted model on two real sets, and checks by value what it wrote with anndata, pandas and scanpy.

    python check_commands.py FOLDER MAIN DATA

FOLDER is where outputs go, MAIN the compiled command line (dist/src/cli/main.js), DATA the folder of real files.
"""

import json
import os
import subprocess
import sys
import warnings

import anndata
import numpy as np
import pandas as pd
import scanpy as sc
from scipy import sparse

SETS = [
    {"name": "pbmc68k", "file": "pbmc68k_reduced_counts_700x765.h5ad", "label": "bulk_labels", "batch": "lane"},
    {"name": "sc_mixology", "file": "sc_mixology_5batches_celllines.h5ad", "label": "cell_line", "batch": "batch"},
]
EPOCHS = "5"
DRAWS = "3"

folder, main, data = sys.argv[1:4]
os.makedirs(folder, exist_ok=True)
warnings.simplefilter("ignore")


def scvae(*words):
    done = subprocess.run(["node", main, *map(str, words)], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"scvae {' '.join(map(str, words))}: {done.stderr}")
    return done.stdout


def dense(x):
    return x.toarray() if sparse.issparse(x) else np.asarray(x)


def near(a, b, tolerance, what):
    np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance, err_msg=what)


class Asked:
    """A set, its model and the genes of it."""

    def __init__(self, settings):
        self.at = lambda name: os.path.join(folder, f"{settings['name']}_{name}")
        self.label, self.batch = settings["label"], settings["batch"]
        self.path = os.path.join(data, settings["file"])
        self.adata = anndata.read_h5ad(self.path)
        keys = ["--batch-key", self.batch, "--labels-key", self.label]
        scvae("fit", self.path, *keys, "--n-top-genes", 500, "--max-epochs", EPOCHS, "--no-umap", "-q", "-o", self.at("fit"))
        self.model = self.at("fit.model")
        self.info = json.loads(scvae("info", self.model, "--json"))
        with open(os.path.join(self.model, "config.json")) as file:
            self.genes = json.load(file)["genes"]
        self.counts = dense(self.adata[:, self.genes].X)

    def check_info(self):
        assert self.info["n_genes"] == len(self.genes) == 500, self.info["n_genes"]
        assert self.info["is_trained"] and self.info["n_cells"] == self.adata.n_obs, self.info["n_cells"]

    def check_normalize(self):
        words = ["normalize", self.model, self.path, "--draws", DRAWS, "-q", "-o"]
        for ending in ("h5ad", "csv", "parquet", "zarr"):
            scvae(*words, self.at(f"normalized.{ending}"))
        read = anndata.read_h5ad(self.at("normalized.h5ad"))
        assert (dense(read.X) == dense(self.adata.X)).all() and list(read.obs_names) == list(self.adata.obs_names)
        values = dense(read[:, self.genes].layers["scvae_normalized"])
        near(values.sum(1), 1, 1e-4, "shares of a cell")
        others = dense(read[:, ~read.var_names.isin(self.genes)].layers["scvae_normalized"])
        assert np.isnan(others).all()
        table = pd.read_csv(self.at("normalized.csv"), index_col=0)
        assert list(table.index) == list(self.adata.obs_names)
        near(table[self.genes].to_numpy(), values, 1e-6, "csv")
        near(pd.read_parquet(self.at("normalized.parquet"))[self.genes].to_numpy(), values, 1e-6, "parquet")
        near(dense(anndata.read_zarr(self.at("normalized.zarr"))[:, self.genes].X), values, 1e-6, "zarr")
        # an average of what cells express follows what was counted
        share = self.counts / self.counts.sum(1, keepdims=True)
        assert np.corrcoef(np.log(values.mean(0)), np.log(share.mean(0) + 1e-6))[0, 1] > 0.7

    def check_de(self):
        words = ["--groupby", self.label, "--draws", 400, "--parquet", "--h5ad", "-q", "-o", self.at("types")]
        scvae("de", self.model, self.path, *words)
        table = pd.read_csv(self.at("types_de.csv"))
        near(table["proba_de"] + table["proba_not_de"], 1, 1e-9, "probabilities")
        near(pd.read_parquet(self.at("types_de.parquet"))["lfc_mean"], table["lfc_mean"], 1e-12, "parquet")
        group = table["group1"].iloc[0]
        one = table[table["group1"] == group].set_index("gene").loc[self.genes]
        inside = (self.adata.obs[self.label] == group).to_numpy()
        labelled = self.adata.obs[self.label].notna().to_numpy()
        near(one["raw_mean1"], self.counts[inside].mean(0), 1e-5, "raw_mean1")
        near(one["non_zeros_proportion2"], (self.counts[~inside & labelled] > 0).mean(0), 1e-5, "share expressing")
        read = anndata.read_h5ad(self.at("types_de.h5ad"))
        ranked = sc.get.rank_genes_groups_df(read, group=group)
        assert ranked["scores"].is_monotonic_decreasing
        effects = one["effect"].loc[ranked["names"]]
        near(ranked["logfoldchanges"], effects, 1e-4, "fold changes of scanpy's table")
        sc.pl.rank_genes_groups_dotplot(read, n_genes=2, show=False)

    def check_impute(self):
        x = self.counts.astype(np.float32)
        hidden = np.random.default_rng(1).random(x.shape) < 0.05
        x[hidden] = np.nan
        partly = self.at("partly.h5ad")
        obs = self.adata.obs[[self.label, self.batch]]
        anndata.AnnData(x, obs=obs, var=pd.DataFrame(index=self.genes)).write_h5ad(partly)
        out = self.at("imputed.h5ad")
        scvae("impute", self.model, partly, "--missing", "nan", "--draws", DRAWS, "-q", "-o", out)
        layers = anndata.read_h5ad(out).layers
        mean, low, high = (dense(layers[f"scvae_imputed{end}"]) for end in ("", "_low", "_high"))
        for layer in (mean, low, high):
            assert (layer[~hidden] == self.counts[~hidden]).all()
        assert (low <= high).all() and (mean[hidden] >= 0).all()
        inside = (low[hidden] <= self.counts[hidden]) & (self.counts[hidden] <= high[hidden])
        assert inside.mean() > 0.85, inside.mean()

    def check_generate(self):
        out = self.at("made.h5ad")
        scvae("generate", self.model, "--cells", 300, "-q", "-o", out)
        made = anndata.read_h5ad(out)
        x = dense(made.X)
        assert made.shape == (300, 500) and list(made.var_names) == self.genes
        assert (x == np.round(x)).all() and (x >= 0).all()
        near(made.obs["scvae_total"], x.sum(1), 1e-6, "totals")
        assert set(made.obs["scvae_parent"]) <= set(self.adata.obs_names)
        parents = self.adata.obs.loc[made.obs["scvae_parent"], self.batch].astype(str).to_numpy()
        assert (made.obs[self.batch].astype(str).to_numpy() == parents).all()
        assert set(made.obs["scvae_from"]) == {"aggregated posterior"}

    def check_correlate(self):
        words = ["correlate", self.model, self.path, "--top", 5, "--draws", DRAWS, "-q", "-o"]
        scvae(*words, self.at("pairs.csv"))
        pairs = pd.read_csv(self.at("pairs.csv"))
        assert pairs["correlation"].abs().between(0, 1.000001).all()
        assert pairs["correlation"].abs().is_monotonic_decreasing
        assert not pd.DataFrame(np.sort(pairs[["gene1", "gene2"]], axis=1)).duplicated().any()
        assert set(pairs["gene1"]) <= set(self.genes)

    def check_abundance(self):
        words = ["--sample-key", self.batch, "--labels-key", self.label, "-q", "-o", self.at("where")]
        scvae("abundance", self.model, self.path, *words)
        read = anndata.read_h5ad(self.at("where_abundance.h5ad"))
        sizes = self.adata.obs[self.batch].value_counts()
        densities = np.asarray(read.obsm["scvae_abundance"])
        assert densities.shape == (self.adata.n_obs, (sizes >= 10).sum()) and np.isfinite(densities).all()
        cells = pd.read_csv(self.at("where_abundance_samples.csv"))
        crossed = pd.crosstab(self.adata.obs[self.label], self.adata.obs[self.batch])
        assert cells.select_dtypes("number").to_numpy().sum() >= crossed.to_numpy().sum()

    def check_transfer(self):
        out = self.at("labelled.h5ad")
        scvae("embed", self.model, self.path, "--transfer", self.label, "-q", "-o", out)
        read = anndata.read_h5ad(out)
        fitted = pd.read_feather(self.at("fit_latent.arrow")).select_dtypes("number").to_numpy()
        near(read.obsm["X_scvae"], fitted[:, : read.obsm["X_scvae"].shape[1]], 1e-4, "latents")
        found = read.obs[f"scvae_{self.label}"].astype(str)
        known = found != "unknown"
        right = found[known] == self.adata.obs[self.label].astype(str)[known]
        assert right.mean() > 0.5 and known.mean() > 0.8, (right.mean(), known.mean())
        assert read.obs[f"scvae_{self.label}_confidence"].between(0, 1).all()

    def check_outliers(self):
        """Cells of a model beside each other: none is new, and few are unlike the rest."""
        out = self.at("scored.h5ad")
        scvae("embed", self.model, self.path, "--outliers", "-q", "-o", out)
        obs = anndata.read_h5ad(out).obs
        assert (obs["scvae_new_group_p"] > 0.001).mean() > 0.99, obs["scvae_new_group_p"].describe()
        assert obs["scvae_new_group_log2"].isna().all()
        assert obs["scvae_outlier"].mean() < 0.05, obs["scvae_outlier"].mean()
        assert (obs["scvae_outlier"] == 1).equals(obs["scvae_outlier_reason"].notna())
        table = self.at("scored.csv")
        scvae("embed", self.model, self.path, "--outliers", "-q", "-o", table)
        near(pd.read_csv(table)["scvae_outlier_score"], obs["scvae_outlier_score"], 1e-4, "scores")


def run():
    wrong = 0
    for settings in SETS:
        if not os.path.exists(os.path.join(data, settings["file"])):
            print(f"{settings['name']} is skipped: it is not there")
            continue
        asked = Asked(settings)
        for name in [name for name in dir(asked) if name.startswith("check_")]:
            try:
                getattr(asked, name)()
                print(f"{settings['name']}: {name.removeprefix('check_')} is as it should be", flush=True)
            except Exception as error:
                wrong += 1
                print(f"{settings['name']}: {name} found: {str(error) or repr(error)}"[:1500], flush=True)
    sys.exit(1 if wrong else 0)


run()
