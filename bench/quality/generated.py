"""How well classifiers tell made cells from held-out real ones, and how alike their statistics are.

    python bench/quality/generated.py FOLDER

FOLDER is what generated.mjs has written. AUROC is of logistic regression and gradient boosting (of 300 genes) on log1p of counts, over 5 folds (a cell that is made anew is
in the fold of its real one); 0.5 is a coin, and so is the first row, one half of the real cells against the other. Beside it: the share of zeros, the mean absolute difference of log10 variances over genes of mean count >= 0.05, and the correlation of
gene-gene correlations (log1p of counts, the 200 genes of largest mean).
"""

import pathlib
import sys

import anndata
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def read(path):
    return anndata.read_h5ad(path).X.toarray()


# Trees are grown on the genes of largest mean
BOOSTED = 300
SOURCES = {"posteriors": "aggregated posterior", "prior": "prior", "cells": "posterior predictive"}


def auroc(classifier, real, made, paired):
    x = np.log1p(np.vstack([real, made]))
    y = np.repeat([0, 1], [len(real), len(made)])
    first = 0 if paired else len(real)
    groups = np.concatenate([np.arange(len(real)), first + np.arange(len(made))])
    folds = StratifiedGroupKFold(5, shuffle=True, random_state=0)
    return cross_val_score(classifier, x, y, cv=folds, groups=groups, scoring="roc_auc").mean()


def row(names, real, made, paired=False):
    most = np.argsort(-real.mean(axis=0))[:BOOSTED]
    frequent = np.flatnonzero(real.mean(axis=0) >= 0.05)
    top = np.argsort(-real.mean(axis=0))[:200]
    linear = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=300))
    boosting = HistGradientBoostingClassifier(max_iter=60, random_state=0)
    spread = [np.log10(counts.var(axis=0)[frequent] + 1e-3) for counts in (real, made)]
    alike = np.corrcoef(correlations(real, top), correlations(made, top))[0, 1]
    print(
        f"| {' | '.join(names)} | {auroc(linear, real, made, paired):.3f} | {auroc(boosting, real[:, most], made[:, most], paired):.3f} "
        f"| {(made == 0).mean():.3f} ({(real == 0).mean():.3f}) "
        f"| {np.abs(spread[0] - spread[1]).mean():.3f} | {alike:.3f} |",
        flush=True,
    )


def correlations(counts, genes):
    found = np.corrcoef(np.log1p(counts[:, genes]), rowvar=False)
    return np.nan_to_num(found[np.triu_indices(len(genes), 1)])


def main(folder):
    print("| data | prior of the fit | made from | logistic regression | boosting | zeros (real) | log10 variance | gene-gene |")
    print("| --- | --- | --- | ---: | ---: | ---: | ---: | ---: |")
    for path in sorted(pathlib.Path(folder).glob("*_real.h5ad")):
        name = path.name.removesuffix("_real.h5ad")
        real = read(path)
        half = np.random.default_rng(0).permutation(len(real))
        row((name, "", "the other half"), real[half[::2]], real[half[1::2]])
        for prior in ("normal", "mixture"):
            for source, words in SOURCES.items():
                made = read(path.with_name(f"{name}_{prior}_{source}.h5ad"))
                row((name, prior, words), real, made, paired=source == "cells")


if __name__ == "__main__":
    main(sys.argv[1])
