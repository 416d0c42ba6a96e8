"""Writes what scib-metrics gives for a small made-up embedding, for test/analysis/metrics/evaluate.test.ts.

In an environment with scib-metrics 0.5.10 and scikit-learn:
python test/interop/scib_metrics_golden.py > test/analysis/fixtures/scib-metrics.json
"""

import json
import sys
from importlib.metadata import version

import numpy as np
import scib_metrics
from scib_metrics.nearest_neighbors import NeighborsResults
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score
from sklearn.neighbors import NearestNeighbors

N, DIMS = 360, 4
random = np.random.RandomState(1)
labels = np.repeat([0, 1, 2, 3], [120, 110, 100, 30])
batches = random.choice(3, N, p=[0.5, 0.3, 0.2])
# one label is missing from a batch
batches[(labels == 3) & (batches == 2)] = 0
centers = random.normal(size=(4, DIMS)) * 2.2
shifts = random.normal(size=(3, DIMS)) * 0.5
points = centers[labels] + shifts[batches] + random.normal(size=(N, DIMS))
points = np.round(points, 3).astype(np.float32)
before = np.round(points + shifts[batches] * 2, 3).astype(np.float32)
clusters = np.where(random.uniform(size=N) < 0.2, random.choice(5, N), labels)


def exact_neighbors():
    """All 90 nearest, the cell itself first."""
    search = NearestNeighbors(n_neighbors=90, algorithm="brute").fit(points.astype(np.float64))
    distances, indices = search.kneighbors(points.astype(np.float64))
    assert (indices[:, 0] == np.arange(N)).all()
    return NeighborsResults(indices=indices.astype(np.int32), distances=distances.astype(np.float32))


near = exact_neighbors()
kbet, by_label = scib_metrics.kbet_per_label(near.subset_neighbors(50), batches, labels, return_df=True)
scores = {
    "isolated_labels": scib_metrics.isolated_labels(points, labels, batches),
    "silhouette_label": scib_metrics.silhouette_label(points, labels),
    "silhouette_batch": scib_metrics.silhouette_batch(points, labels, batches),
    "bras": scib_metrics.bras(points, labels, batches),
    "clisi": scib_metrics.clisi_knn(near, labels),
    "ilisi": scib_metrics.ilisi_knn(near, batches),
    "kbet": kbet,
    "graph_connectivity": scib_metrics.graph_connectivity(near.subset_neighbors(15), labels),
    "pcr_comparison": scib_metrics.pcr_comparison(before, points, batches, categorical=True),
}
partition = {
    "nmi": normalized_mutual_info_score(labels, clusters, average_method="arithmetic"),
    "ari": adjusted_rand_score(labels, clusters),
}
json.dump(
    {
        "made_by": f"scib-metrics {version('scib-metrics')}",
        "dims": DIMS,
        "points": [round(float(x), 3) for x in points.ravel()],
        "before": [round(float(x), 3) for x in before.ravel()],
        "labels": labels.tolist(),
        "batches": batches.tolist(),
        "clusters": clusters.tolist(),
        "scores": {name: float(value) for name, value in scores.items()},
        "partition": partition,
    },
    sys.stdout,
)
