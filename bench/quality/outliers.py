"""Outlier scores of scikit-learn for points: rows x columns of float32 in a file; a line of JSON on standard output."""

import json
import sys

import numpy as np
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import LocalOutlierFactor

rows, columns = int(sys.argv[2]), int(sys.argv[3])
points = np.fromfile(sys.argv[1], np.float32).reshape(rows, columns)
forest = IsolationForest(random_state=0).fit(points)
factor = LocalOutlierFactor(min(20, rows - 1)).fit(points)
print(
    json.dumps(
        {
            "forest": (-forest.score_samples(points)).tolist(),
            "factor": (-factor.negative_outlier_factor_).tolist(),
        }
    )
)
