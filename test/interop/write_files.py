"""Writes many AnnData files with anndata itself, and beside each a summary of what anndata reads back from it.

    python write_files.py FOLDER
"""

import itertools
import json
import os
import sys
import warnings
from importlib.metadata import version

import anndata
import numpy as np
import pandas as pd
import zarr
from scipy import sparse
from summary import whole

WORDS = ["", "B cell", "naïve T", "γδ", "🧬", "a/b", "CD8+", "NaN", "NA", "1", 'quo"te', "tab\there"]
DTYPES = ["float32", "float64", "int64", "uint8"]
INDICES = ["int32", "int64", "smallest"]
COMPRESSIONS = [None, "gzip", "lzf"]
FORMS = ["csr", "csc", "dense"]


def matrix(random, shape, form, dtype, indices="int32"):
    dense = random.poisson(0.7, shape) * (random.random(shape) < 0.6)
    if np.dtype(dtype).kind == "f" and random.random() < 0.5:
        dense = dense * random.normal(size=shape)
    dense = dense.astype(dtype)
    if form == "dense":
        return dense
    made = (sparse.csr_matrix if form == "csr" else sparse.csc_matrix)(dense)
    wanted = "int64" if indices == "int64" else "int32"
    made.indices, made.indptr = made.indices.astype(wanted), made.indptr.astype(wanted)
    return made


def unsorted(random, made):
    """The same matrix with its entries in another order, one of them an explicit zero."""
    made = made.copy()
    for start, stop in zip(made.indptr, made.indptr[1:]):
        order = random.permutation(stop - start) + start
        made.indices[start:stop], made.data[start:stop] = made.indices[order], made.data[order]
    if made.data.size:
        made.data[0] = 0
    made.has_sorted_indices = False
    return made


def words(random, n):
    return [WORDS[i] for i in random.integers(len(WORDS), size=n)]


def some(random, n, values):
    """Values with missing ones in between."""
    return [None if random.random() < 0.3 else value for value in values[:n]]


def category_column(random, n, categories, ordered):
    codes = random.integers(-1, len(categories), size=n)
    return pd.Categorical.from_codes(codes, categories=categories, ordered=ordered)


def table(random, names, nullable_strings):
    n = len(names)
    columns = {
        "text": words(random, n),
        "category": category_column(random, n, ["T", "B", "γδ", "unused"], False),
        "stage": category_column(random, n, ["early", "mid", "late"], True),
        "cluster": category_column(random, n, np.array([7, -2, 300], dtype="int64"), False),
        "level": category_column(random, n, np.array([0.5, 1.5]), True),
        "flagged": category_column(random, n, [False, True], False),
        "missing": category_column(random, n, ["a"], False)[:0].take([-1] * n, allow_fill=True),
        "nullable_int": pd.array(some(random, n, list(range(-3, n))), dtype="Int64"),
        "nullable_uint8": pd.array(some(random, n, [i % 256 for i in range(n)]), dtype="UInt8"),
        "nullable_bool": pd.array(some(random, n, [i % 2 == 0 for i in range(n)]), dtype="boolean"),
        "bool": random.random(n) < 0.5,
        "int64": random.integers(-(2**52), 2**52, size=n),
        "int8": random.integers(-128, 128, size=n, dtype="int8"),
        "uint16": random.integers(0, 2**16, size=n, dtype="uint16"),
        "uint32": random.integers(0, 2**32, size=n, dtype="uint32"),
        "float16": random.normal(size=n).astype("float16"),
        "float32": np.where(random.random(n) < 0.2, np.nan, random.normal(size=n)).astype("float32"),
        "float64": np.where(random.random(n) < 0.1, np.inf, random.normal(size=n)),
        "odd name ü (%)": np.arange(n),
    }
    if nullable_strings:
        columns["nullable_text"] = pd.array(some(random, n, words(random, n)), dtype="string")
    kept = [name for name in columns if random.random() < 0.7]
    random.shuffle(kept)
    return pd.DataFrame({name: columns[name] for name in kept}, index=pd.Index(names, dtype=object))


def unstructured(random, n, has_null):
    """uns, nested, with everything that anndata can hold in it."""
    values = {
        "number": 3,
        "fraction": 0.25,
        "flag": True,
        "text": "naïve 🧬",
        "empty_text": "",
        "array": random.normal(size=4).astype("float32"),
        "cube": random.integers(0, 9, size=(2, 3, 2)),
        "flags": np.array([True, False, True]),
        "half": np.array([0.5, -2, 65504], dtype="float16"),
        "words": np.array(words(random, 5), dtype=object),
        "grid": np.array([["a", "b"], ["", "γ"]], dtype=object),
        "nothing": np.zeros(0),
        "records": np.array([(1, 0.5, "x"), (-2, 1.5, "yy")], dtype=[("n", "i4"), ("p", "f8"), ("s", "U4")]),
        "graph": matrix(random, (3, 5), "csc", "float64"),
        "table": table(random, [f"r{i}" for i in range(3)], False),
        "categories": pd.Categorical(["a", None, "b"]),
        "nullable": pd.array([1, None, 3], dtype="Int32"),
        "nullable_flags": pd.array([True, None], dtype="boolean"),
        "nested": {"deeper": {"number": np.float32(1.5), "empty": {}}, "text": "x"},
        "big": np.int64(2**40),
        "not_a_number": float("nan"),
    }
    if has_null:
        values["null"] = None
    return {name: value for name, value in values.items() if random.random() < 0.8}


def anndata_of(random, form, dtype, indices, shape, nullable_strings=False, small=False):
    n, m = shape
    cells, genes = [f"cell{i}" for i in range(n)], [f"gène{i}" for i in range(m)]
    x = matrix(random, shape, form, dtype, indices)
    if form != "dense" and random.random() < 0.4:
        x = unsorted(random, x)
    adata = anndata.AnnData(
        X=None if random.random() < 0.05 else x,
        obs=table(random, cells, nullable_strings),
        var=table(random, genes, nullable_strings),
    )
    if random.random() < 0.3:
        adata.obs.index.name = "CellID"
    if small:
        return adata
    adata.layers["counts"] = matrix(random, shape, "csr", "int32")
    adata.layers["dense"] = matrix(random, shape, "dense", "float32")
    adata.obsm["X_pca"] = random.normal(size=(n, 3)).astype("float32")
    adata.obsm["sparse"] = matrix(random, (n, 4), "csr", "float64")
    adata.obsm["frame"] = table(random, list(adata.obs_names), False)
    adata.varm["PCs"] = random.normal(size=(m, 2))
    adata.varm["frame"] = table(random, list(adata.var_names), False)
    adata.obsp["distances"] = matrix(random, (n, n), "csr", "float64")
    adata.varp["links"] = matrix(random, (m, m), "dense", "int16")
    adata.uns = unstructured(random, n, has_null=True)
    if random.random() < 0.6:
        wider = anndata.AnnData(
            X=matrix(random, (n, m + 3), "csr", "float32"),
            obs=pd.DataFrame(index=pd.Index(cells, dtype=object)),
            var=table(random, [f"raw{i}" for i in range(m + 3)], False),
        )
        wider.varm["loadings"] = random.normal(size=(m + 3, 2))
        adata.raw = wider
    return adata


def random_shape(random):
    return tuple(int(n) for n in random.integers(1, 40, size=2))


def h5ad_files(folder):
    number = 0
    for form in FORMS:
        for indices in INDICES if form != "dense" else ["int32"]:
            for dtype in DTYPES:
                for compression in COMPRESSIONS:
                    random = np.random.default_rng(number)
                    nullable_strings = number % 3 == 0
                    adata = anndata_of(random, form, dtype, indices, random_shape(random), nullable_strings)
                    name = f"{number:03}-{form}-{indices}-{dtype}-{compression}.h5ad"
                    with anndata.settings.override(
                        allow_write_nullable_strings=nullable_strings,
                        write_csr_csc_indices_with_min_possible_dtype=indices == "smallest",
                    ):
                        adata.write_h5ad(
                            os.path.join(folder, name),
                            compression=compression,
                            convert_strings_to_categoricals=number % 2 == 0,
                        )
                    yield name, lambda path: anndata.read_h5ad(path)
                    number += 1


def wide_indices(folder):
    """More genes than a byte or two can number."""
    for columns in (300, 70_000):
        random = np.random.default_rng(columns)
        for form in ("csr", "csc"):
            adata = anndata_of(random, form, "float32", "smallest", (5, columns), small=True)
            adata.X = sparse.random(5, columns, 0.02, format=form, random_state=1, dtype="float32")
            name = f"wide-{form}-{columns}.h5ad"
            with anndata.settings.override(write_csr_csc_indices_with_min_possible_dtype=True):
                adata.write_h5ad(os.path.join(folder, name), compression="gzip")
            yield name, lambda path: anndata.read_h5ad(path)


def odd_shapes(folder):
    for shape in ((0, 4), (4, 0), (0, 0), (1, 1), (5000, 3)):
        for form in FORMS:
            random = np.random.default_rng(shape[0])
            adata = anndata_of(random, form, "float32", "int32", shape, small=shape[0] == 5000)
            name = f"shape-{shape[0]}x{shape[1]}-{form}.h5ad"
            adata.write_h5ad(os.path.join(folder, name))
            yield name, lambda path: anndata.read_h5ad(path)


def read_zip(path):
    with zarr.storage.ZipStore(path, mode="r") as store:
        return anndata.read_zarr(store)


def zarr_files(folder):
    kinds = itertools.product((("v2", 2, False), ("v3", 3, False), ("v3-sharded", 3, True)), (False, True), FORMS)
    for number, ((kind, version, sharded), packed, form) in enumerate(kinds, 1000):
        random = np.random.default_rng(number)
        dtype = "int64" if form == "csc" else "float32"
        nullable_strings = number % 2 == 0
        adata = anndata_of(random, form, dtype, "int32", random_shape(random), nullable_strings)
        name = f"{number}-{kind}-{form}-{dtype}.zarr{'.zip' if packed else ''}"
        path = os.path.join(folder, name)
        with anndata.settings.override(
            zarr_write_format=version,
            auto_shard_zarr_v3=sharded,
            allow_write_nullable_strings=nullable_strings,
        ):
            if packed:
                with zarr.storage.ZipStore(path, mode="w") as store:
                    adata.write_zarr(store)
            else:
                adata.write_zarr(path)
        yield name, read_zip if packed else anndata.read_zarr


def main():
    folder = sys.argv[1]
    warnings.simplefilter("ignore")
    os.makedirs(folder, exist_ok=True)
    written = 0
    for source in (h5ad_files, wide_indices, odd_shapes, zarr_files):
        for name, read in source(folder):
            with open(os.path.join(folder, f"{name}.json"), "w") as file:
                json.dump(whole(read(os.path.join(folder, name))), file)
            written += 1
    print(f"anndata {version('anndata')} wrote {written} files")


main()
