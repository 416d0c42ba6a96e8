"""Writes what scib-metrics gives for positions of the cells of three real sets, for test/analysis/metrics/scib-real.long.test.ts.

Positions are worked out from the counts, here and in the test, so that no data are kept: log(1 + 10,000 x / total), centred by gene, times
the mean of each label, and for the positions before integration of each batch too. Clusters of k-means and Leiden, which start at
random, are kept by cell.

In an environment with scib-metrics 0.5.10 and anndata:
python test/interop/scib_metrics_real.py ../shared/data/real test/analysis/fixtures/scib-metrics-real.json
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path

import anndata
import numpy as np
import scib_metrics
from scib_metrics.metrics._nmi_ari import _compute_clustering_kmeans, _compute_clustering_leiden
from scib_metrics.nearest_neighbors import NeighborsResults
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

# file, column of batches, column of labels, column and value of the cells that are taken
SETS = [
    ("pbmc68k_reduced_counts_700x765", "lane", "bulk_labels", None),
    ("kang_harmony_ctrl_stim_2000x9015_partial_labels", "condition", "cell_type", ("cell_type", "!=", "Unknown")),
    ("sc_mixology_5batches_celllines", "batch", "cell_line", ("demuxlet_cls", "==", "SNG")),
]


def codes(column):
    return np.unique(np.asarray(column.astype(str)), return_inverse=True)[1]


def directions(logs, classes):
    """Mean of each class, one a column, of length 1."""
    means = np.stack([logs[classes == one].mean(axis=0) for one in range(classes.max() + 1)], axis=1)
    return means / np.linalg.norm(means, axis=0)


def exact_neighbors(points):
    """The 90 nearest by distances of differences, the cell itself first."""
    wide = points.astype(np.float64)
    squared = np.stack([((wide - one) ** 2).sum(axis=1) for one in wide])
    np.fill_diagonal(squared, -1)
    indices = np.argsort(squared, axis=1, kind="stable")[:, :90]
    distances = np.sqrt(np.maximum(0, np.take_along_axis(squared, indices, axis=1)))
    return NeighborsResults(indices=indices.astype(np.int32), distances=distances.astype(np.float32))


def agreement(labels, clusters):
    return {
        "clusters": np.asarray(clusters).tolist(),
        "nmi": float(normalized_mutual_info_score(labels, clusters, average_method="arithmetic")),
        "ari": float(adjusted_rand_score(labels, clusters)),
    }


def judged(folder, name, batch_key, labels_key, taken):
    adata = anndata.read_h5ad(Path(folder) / f"{name}.h5ad")
    if taken is not None:
        values = adata.obs[taken[0]].astype(str)
        adata = adata[(values == taken[2]) if taken[1] == "==" else (values != taken[2])]
    counts = np.asarray(adata.X.todense() if hasattr(adata.X, "todense") else adata.X, dtype=np.float64)
    labels, batches = codes(adata.obs[labels_key]), codes(adata.obs[batch_key])
    logs = np.log1p(1e4 * counts / counts.sum(axis=1, keepdims=True))
    logs -= logs.mean(axis=0)
    points = (logs @ directions(logs, labels)).astype(np.float32)
    before = (logs @ np.hstack([directions(logs, labels), directions(logs, batches)])).astype(np.float32)
    near = exact_neighbors(points)
    scores = {
        "isolated_labels": scib_metrics.isolated_labels(points, labels, batches),
        "silhouette_label": scib_metrics.silhouette_label(points, labels),
        "silhouette_batch": scib_metrics.silhouette_batch(points, labels, batches),
        "bras": scib_metrics.bras(points, labels, batches),
        "clisi": scib_metrics.clisi_knn(near, labels),
        "ilisi": scib_metrics.ilisi_knn(near, batches),
        "kbet": scib_metrics.kbet_per_label(near.subset_neighbors(50), batches, labels, return_df=True)[0],
        "graph_connectivity": scib_metrics.graph_connectivity(near.subset_neighbors(15), labels),
        "pcr_comparison": scib_metrics.pcr_comparison(before, points, batches, categorical=True),
    }
    graph = near.subset_neighbors(15).knn_graph_connectivities
    return {
        "file": name,
        "batch_key": batch_key,
        "labels_key": labels_key,
        "n_cells": len(labels),
        "scores": {metric: float(value) for metric, value in scores.items()},
        "kmeans": agreement(labels, _compute_clustering_kmeans(points, labels.max() + 1)),
        "leiden": agreement(labels, _compute_clustering_leiden(graph, 1.0, 42)),
    }


folder, output = sys.argv[1:]
sets = [judged(folder, *one) for one in SETS]
Path(output).write_text(json.dumps({"made_by": f"scib-metrics {version('scib-metrics')}", "sets": sets}))
