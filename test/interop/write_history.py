"""Writes a loss history as scvi-tools keeps it in a model, with the pandas and pyarrow of this Python (3.1.1 and 26.0.1 for the fixture).

    python test/interop/write_history.py test/fixtures/scvi/history-pandas-3.pkl
"""

import pickle
import sys

import pandas as pd


def main(path):
    index = pd.RangeIndex(2, name="epoch")
    history = {
        "elbo_train": pd.DataFrame({"elbo_train": [3.5, 2.5]}, index=index),
        "elbo_validation": pd.DataFrame({"elbo_validation": [3.0]}, index=pd.Index([1], name="epoch")),
        "kl_weight": pd.DataFrame({"kl_weight": [0.0, 0.5]}, index=index, dtype=object),
    }
    with open(path, "wb") as file:
        # torch.save writes protocol 2
        pickle.dump(history, file, protocol=2)


if __name__ == "__main__":
    main(sys.argv[1])
