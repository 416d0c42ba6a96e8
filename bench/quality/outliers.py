"""Outlier scores and flags of scikit-learn, by its defaults, for points: rows x columns of float32 in a file, behind those of known points, to which
the methods are fitted where there are any; a line of JSON on standard output."""

import json
import sys

import numpy as np
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import LocalOutlierFactor

n_known, rows, columns = (int(value) for value in sys.argv[2:5])
points = np.fromfile(sys.argv[1], np.float32).reshape(n_known + rows, columns)
known, points = points[:n_known], points[n_known:]
forest = IsolationForest(random_state=0).fit(known if n_known else points)
neighbors = min(20, (n_known or rows) - 1)


def result(score, predicted):
    return {"score": score.tolist(), "flag": (predicted < 0).astype(int).tolist()}


if n_known:
    factor = LocalOutlierFactor(neighbors, novelty=True).fit(known)
    of_factor = result(-factor.score_samples(points), factor.predict(points))
else:
    factor = LocalOutlierFactor(neighbors)
    predicted = factor.fit_predict(points)
    of_factor = result(-factor.negative_outlier_factor_, predicted)

print(json.dumps({"forest": result(-forest.score_samples(points), forest.predict(points)), "factor": of_factor}))
