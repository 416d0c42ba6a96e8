"""Outlier scores and flags of scikit-learn, by its defaults, for points: rows x columns of float32 in a file; a line of JSON on standard output."""

import json
import sys

import numpy as np
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import LocalOutlierFactor

rows, columns = int(sys.argv[2]), int(sys.argv[3])
points = np.fromfile(sys.argv[1], np.float32).reshape(rows, columns)
forest = IsolationForest(random_state=0).fit(points)
factor = LocalOutlierFactor(min(20, rows - 1))
of_factor = factor.fit_predict(points)


def result(score, predicted):
    return {"score": score.tolist(), "flag": (predicted < 0).astype(int).tolist()}


print(
    json.dumps(
        {
            "forest": result(-forest.score_samples(points), forest.predict(points)),
            "factor": result(-factor.negative_outlier_factor_, of_factor),
        }
    )
)
