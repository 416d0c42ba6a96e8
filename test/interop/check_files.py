"""Reads with anndata what scvae wrote, and compares it with the summaries that lie beside.

    python check_files.py FOLDER
"""

import json
import os
import sys
import traceback
import warnings
from importlib.metadata import version

import anndata
import zarr
from summary import differences, whole

SHOWN = 10


def read(path):
    if path.endswith(".h5ad"):
        return anndata.read_h5ad(path)
    if path.endswith(".zip"):
        with zarr.storage.ZipStore(path, mode="r") as store:
            return anndata.read_zarr(store)
    return anndata.read_zarr(path)


def check(path):
    with open(f"{path}.json") as file:
        expected = json.load(file)
    try:
        return differences(expected, json.loads(json.dumps(whole(read(path)))))
    except Exception:
        return [traceback.format_exc(limit=-3)]


def main():
    folder = sys.argv[1]
    warnings.simplefilter("ignore")
    names = sorted(name.removesuffix(".json") for name in os.listdir(folder) if name.endswith(".json"))
    wrong = 0
    for name in names:
        found = check(os.path.join(folder, name))
        if found:
            wrong += 1
            print(f"{name} reads otherwise than it was written:")
            for sentence in found[:SHOWN]:
                print(f"  {sentence}")
    print(f"anndata {version('anndata')} read {len(names) - wrong} of {len(names)} files of scvae equal")
    sys.exit(1 if wrong or not names else 0)


main()
