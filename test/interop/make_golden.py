"""Writes test/golden/edge/<name>.json: what must be read of each edge file, by anndata, h5py and scipy.

    python test/interop/make_golden.py DATA/edge test/golden/edge && npx biome check --write test/golden

Where anndata moves things on reading (neighbour graphs of old files, from uns to obsp), the file is the truth: uns is read
as it is stored.
"""

import base64
import csv
import gzip
import json
import os
import sys
import tempfile
import warnings
import zipfile

import anndata
import h5py
import numpy as np
from scipy import io, sparse
from summary import compressed, counts, plain, strings, whole

# the largest value that could be a logarithm of a normalised count
LARGEST_LOG = 20


def refusal(source, matrix, cells, genes):
    """The sentence with which values that are no counts are refused: the first one as it is stored."""
    if sparse.issparse(matrix):
        entries = matrix.tocoo()
        rows, columns, values = entries.row, entries.col, entries.data
    else:
        rows, columns = (part.ravel() for part in np.indices(matrix.shape))
        values = matrix.ravel()
    values = values.astype(float)
    finite = values[np.isfinite(values)]
    small = finite.size > 0 and finite.max() < LARGEST_LOG
    look = f", and all values are below {LARGEST_LOG}: they look log-transformed" if small else ""
    for odd, reason in (
        (~np.isfinite(values), "not a finite number"),
        (values < 0, "below zero"),
        (values != np.round(values), "not an integer" + look),
    ):
        if odd.any():
            at = int(np.argmax(odd))
            where = f'cell "{cells[rows[at]]}" and gene "{genes[columns[at]]}"'
            value = str(plain(f"{values[at]:.4g}"))
            return f"{source} holds no counts: the value of {where} is {value}, {reason}."
    return None


def matrices(adata):
    """The matrices of a file that could hold counts."""
    found = {}
    if adata.X is not None:
        found["X"] = (adata.X, adata.var_names)
    for name, layer in adata.layers.items():
        found[f"layers/{name}"] = (layer, adata.var_names)
    if adata.raw is not None:
        found["raw/X"] = (adata.raw.X, adata.raw.var_names)
    return found


def sources(adata):
    read = {}
    for source, (matrix, genes) in matrices(adata).items():
        read[source] = counts(matrix)
        refused = refusal(source, matrix, adata.obs_names, genes)
        if refused:
            read[source]["refused"] = refused
    if "X" not in read:
        read["X"] = {"refused": "has no X."}
    return read


def golden_h5ad(path):
    adata = anndata.read_h5ad(path)
    summary = whole(adata)
    with h5py.File(path) as file:
        neighbors = file.get("uns/neighbors")
        for name in ("connectivities", "distances"):
            if neighbors is not None and isinstance(neighbors.get(name), h5py.Group):
                stored = neighbors[name]
                graph = sparse.csr_matrix(
                    (stored["data"][:], stored["indices"][:], stored["indptr"][:]),
                    shape=tuple(stored.attrs["h5sparse_shape"]),
                )
                summary["uns"]["neighbors"]["entries"][name] = compressed(graph)
                del summary["obsp"][name]
    return {"elements": summary, "counts": sources(adata)}


def known(node):
    """Metadata of zarr v3 in the words of the zarr of Python 3.11: its structured type is called `structured`, not `struct`."""
    node.pop("consolidated_metadata", None)
    if isinstance(node.get("data_type"), dict) and node["data_type"]["name"] == "struct":
        fields = node["data_type"]["configuration"]["fields"]
        pairs = [[field["name"], field["data_type"]] for field in fields]
        node["data_type"] = {"name": "structured", "configuration": {"fields": pairs}}
        size = sum(
            kind["configuration"]["length_bytes"] if isinstance(kind, dict) else int(kind[-2:]) // 8
            for _, kind in pairs
        )
        node["fill_value"] = base64.b64encode(bytes(size)).decode()
    return node


def golden_zarr(path):
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(path) as packed:
            packed.extractall(folder)
        for parent, _, names in os.walk(folder):
            if "zarr.json" in names:
                metadata = os.path.join(parent, "zarr.json")
                with open(metadata) as file:
                    node = known(json.load(file))
                with open(metadata, "w") as file:
                    json.dump(node, file)
        adata = anndata.read_zarr(folder)
        return {"elements": whole(adata), "counts": sources(adata)}


def features(**columns):
    return {name: strings(values) for name, values in columns.items()}


def transposed(group):
    """Counts of a CellRanger file: a column a cell."""
    shape = tuple(group["shape"][:])
    parts = (group["data"][:], group["indices"][:], group["indptr"][:])
    return counts(sparse.csc_matrix(parts, shape=shape).T)


def golden_10x(path):
    with h5py.File(path) as file:
        if "matrix" in file:
            group = file["matrix"]
            of = group["features"]
            columns = {"id": of["id"], "name": of["name"], "type": of["feature_type"], "genome": of["genome"]}
            groups = {"": (group, columns)}
        else:
            groups = {
                name: (group, {"id": group["genes"], "name": group["gene_names"]})
                for name, group in file.items()
            }
        return {
            "genomes": {
                name: {
                    "counts": transposed(group),
                    "cells": strings(group["barcodes"][:]),
                    "features": features(**{key: values[:] for key, values in columns.items()}),
                }
                for name, (group, columns) in groups.items()
            }
        }


def table(folder, *names):
    """Rows of the first of some files that is there."""
    for name in names:
        path = os.path.join(folder, name)
        if os.path.exists(path):
            opened = gzip.open(path, "rt") if path.endswith(".gz") else open(path)
            with opened as lines:
                return list(csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    raise FileNotFoundError(names)


def golden_mtx(folder):
    name = "matrix.mtx.gz" if os.path.exists(os.path.join(folder, "matrix.mtx.gz")) else "matrix.mtx"
    matrix = io.mmread(os.path.join(folder, name))
    rows = table(folder, "features.tsv.gz", "genes.tsv")
    columns = dict(zip(("id", "name", "type"), zip(*rows)))
    barcodes = [row[0] for row in table(folder, "barcodes.tsv.gz", "barcodes.tsv")]
    return {
        "genomes": {
            "": {
                "counts": counts(matrix.T),
                "cells": strings(barcodes),
                "features": features(**columns),
            }
        }
    }


def golden_damaged_mtx(path):
    with open(path) as lines:
        body = [line for line in lines if not line.startswith("%")]
    _, _, promised = (int(word) for word in body[0].split())
    return {"promised": promised, "entries": len(body) - 1}


def golden(path):
    name = os.path.basename(path)
    if name.endswith(".h5ad"):
        return golden_h5ad(path)
    if name.endswith(".zarr.zip"):
        return golden_zarr(path)
    if name.endswith(".h5"):
        return golden_10x(path)
    if name.endswith(".mtx"):
        return golden_damaged_mtx(path)
    return golden_mtx(path)


def main():
    data, out = sys.argv[1:]
    warnings.simplefilter("ignore")
    os.makedirs(out, exist_ok=True)
    for name in sorted(os.listdir(data)):
        text = json.dumps(golden(os.path.join(data, name)), ensure_ascii=False)
        with open(os.path.join(out, f"{name}.json"), "w") as file:
            file.write(text + "\n")
        print(f"{name}: {len(text)} bytes")


main()
