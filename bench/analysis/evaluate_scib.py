"""The side of scib-metrics of evaluate.mjs: `score FOLDER THREADS`, or `read FOLDER FILE:KEY:BATCH:LABEL` to have an embedding of a file there."""

import json
import sys
import time
from pathlib import Path

import numpy as np


def read(folder, file, key, *columns):
    import h5py

    with h5py.File(file) as data:
        values = np.asarray(data["obsm"][key], dtype="<f4")
        codes = [np.asarray(data["obs"][column]["codes"], dtype="<i4") for column in columns]
    known = np.all([code >= 0 for code in codes], axis=0)
    values[known].tofile(folder / "points")
    for name, code in zip(("batches", "labels"), codes, strict=True):
        np.unique(code[known], return_inverse=True)[1].astype("<i4").tofile(folder / name)


def score(folder, threads):
    import scib_metrics
    from scib_metrics.nearest_neighbors import pynndescent

    labels = np.fromfile(folder / "labels", "<i4")
    batches = np.fromfile(folder / "batches", "<i4")
    points = np.fromfile(folder / "points", "<f4").reshape(len(labels), -1)
    start, begun = time.process_time(), time.perf_counter()
    near = pynndescent(points, n_neighbors=90, random_state=0, n_jobs=threads)
    scores = {
        "isolated_labels": scib_metrics.isolated_labels(points, labels, batches),
        "silhouette_label": scib_metrics.silhouette_label(points, labels),
        "silhouette_batch": scib_metrics.silhouette_batch(points, labels, batches),
        "bras": scib_metrics.bras(points, labels, batches),
        "clisi": scib_metrics.clisi_knn(near, labels),
        "ilisi": scib_metrics.ilisi_knn(near, batches),
        "kbet": scib_metrics.kbet_per_label(near.subset_neighbors(50), batches, labels),
        "graph_connectivity": scib_metrics.graph_connectivity(near.subset_neighbors(15), labels),
    }
    # what starts at random is not compared, but a part of the work
    scib_metrics.nmi_ari_cluster_labels_kmeans(points, labels)
    scib_metrics.nmi_ari_cluster_labels_leiden(near.subset_neighbors(15), labels, optimize_resolution=True, n_jobs=threads)
    seconds, wall = time.process_time() - start, time.perf_counter() - begun
    told = {name: float(value) for name, value in scores.items()}
    (folder / "scib.json").write_text(json.dumps({"scores": told, "seconds": seconds, "wall": wall}))


what, where, *rest = sys.argv[1:]
if what == "read":
    read(Path(where), *rest[0].rsplit(":", 3))
else:
    score(Path(where), int(rest[0]))
