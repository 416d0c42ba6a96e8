"""How well classifiers tell made cells from held-out real ones, and how alike their statistics are.

    python bench/quality/generated.py FOLDER

FOLDER is what generated.mjs has written. AUROC is of logistic regression and gradient boosting on log1p of counts, over 5 folds; 0.5
is a coin. Beside it: the share of zeros, the mean absolute difference of log10 variances over genes of mean count >= 0.05, and the correlation of
gene-gene correlations (log1p of counts, the 200 genes of largest mean).
"""

import pathlib
import sys

import anndata
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def read(path):
    return anndata.read_h5ad(path).X.toarray()


def auroc(classifier, real, made):
    x = np.log1p(np.vstack([real, made]))
    y = np.repeat([0, 1], [len(real), len(made)])
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    return cross_val_score(classifier, x, y, cv=folds, scoring="roc_auc").mean()


def correlations(counts, genes):
    found = np.corrcoef(np.log1p(counts[:, genes]), rowvar=False)
    return np.nan_to_num(found[np.triu_indices(len(genes), 1)])


def main(folder):
    print("| data | prior of the fit | made from | logistic regression | boosting | zeros (real) | log10 variance | gene-gene |")
    print("| --- | --- | --- | ---: | ---: | ---: | ---: | ---: |")
    for path in sorted(pathlib.Path(folder).glob("*_real.h5ad")):
        name = path.name.removesuffix("_real.h5ad")
        real = read(path)
        frequent = np.flatnonzero(real.mean(axis=0) >= 0.05)
        top = np.argsort(-real.mean(axis=0))[:200]
        for prior in ("normal", "mixture"):
            for source in ("posteriors", "prior"):
                made = read(path.with_name(f"{name}_{prior}_{source}.h5ad"))
                linear = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=300))
                boosting = HistGradientBoostingClassifier(max_iter=60, random_state=0)
                spread = [np.log10(counts.var(axis=0)[frequent] + 1e-3) for counts in (real, made)]
                alike = np.corrcoef(correlations(real, top), correlations(made, top))[0, 1]
                print(
                    f"| {name} | {prior} | {'aggregated posterior' if source == 'posteriors' else 'prior'} "
                    f"| {auroc(linear, real, made):.3f} | {auroc(boosting, real, made):.3f} "
                    f"| {(made == 0).mean():.3f} ({(real == 0).mean():.3f}) "
                    f"| {np.abs(spread[0] - spread[1]).mean():.3f} | {alike:.3f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main(sys.argv[1])
