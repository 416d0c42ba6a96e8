"""Summaries of what an AnnData file holds: small, but no value can change unseen.

test/anndata/summary.ts makes the same of our elements. Numbers are hashed as little-endian float64 with one NaN, strings as
UTF-8 with a zero byte behind each, so that the two languages need not agree on anything else.
"""

import hashlib
import math

import numpy as np
import pandas as pd
from scipy import sparse

FIRST = 2
NUMBERS = "biuf"


def digest(*parts):
    hashed = hashlib.sha256()
    for part in parts:
        hashed.update(part)
    return hashed.hexdigest()[:12]


def float_bytes(values):
    wide = np.array(values, dtype="<f8").ravel()
    wide[np.isnan(wide)] = np.nan
    return wide.tobytes()


def string_bytes(values):
    return b"".join(b"\x01\x00" if value is None else value.encode() + b"\x00" for value in values)


def plain(number):
    """A number as JSON takes it."""
    number = float(number)
    if math.isfinite(number):
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    return str(number).replace("nan", "NaN").replace("inf", "Infinity")


def short(number, digits):
    number = plain(number)
    return number if isinstance(number, str) else plain(f"{number:.{digits}g}")


def numbers(values):
    values = np.asarray(values)
    wide = values.astype("<f8").ravel()
    finite = wide[np.isfinite(wide)]
    try:
        total = math.fsum(finite)
    except OverflowError:
        total = math.inf
    return {
        "sum": short(total, 9),
        "nonzero": int(np.count_nonzero(wide)),
        "first": [short(value, 5) for value in wide[:FIRST]],
        "hash": digest(float_bytes(wide)),
    }


def strings(values):
    values = [text_of(value) for value in values]
    present = [value for value in values if value is not None]
    return {"first": present[:FIRST], "last": present[-1:], "hash": digest(string_bytes(values))}


def text_of(value):
    if isinstance(value, bytes):
        return value.decode()
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    return str(value)


def missing(count):
    return {"missing": int(count)} if count > 0 else {}


def column(values):
    """A one-dimensional array that may have missing values: a column of a data frame, or its like in uns."""
    values = getattr(values, "array", values)
    if isinstance(values, pd.Categorical):
        codes = np.asarray(values.codes, dtype="<f8")
        return {
            "type": "categorical",
            "ordered": bool(values.ordered),
            **missing((codes < 0).sum()),
            "categories": column(values.categories),
            "codes": digest(float_bytes(codes)),
        }
    if pd.api.types.is_string_dtype(values) or values.dtype.kind in "OUST":
        texts = [text_of(value) for value in values]
        return {"type": "string", **missing(sum(text is None for text in texts)), **strings(texts)}
    if pd.api.types.is_extension_array_dtype(values.dtype) and hasattr(values, "_mask"):
        mask = np.asarray(values._mask)
        kept = np.where(mask, 0, np.asarray(values._data))
        summary = {"type": values.dtype.numpy_dtype.name, **missing(mask.sum())}
        if mask.any():
            summary["mask"] = digest(float_bytes(mask))
        return {**summary, **numbers(kept)}
    values = np.asarray(values)
    return {"type": values.dtype.name, **numbers(values)}


def frame(table):
    index = table.index.name
    return {
        "kind": "frame",
        "index": index if index is not None and index != "_index" else None,
        "names": {"length": len(table), **strings(table.index)},
        "columns": [[str(name), column(table[name])] for name in table.columns],
    }


def compressed(matrix):
    return {
        "kind": "sparse",
        "format": matrix.format,
        "dtype": matrix.dtype.name,
        "shape": list(matrix.shape),
        "entries": int(matrix.data.size),
        "pointers": digest(float_bytes(matrix.indptr)),
        "indices": digest(float_bytes(matrix.indices)),
        **numbers(matrix.data),
    }


def records(array):
    fields = []
    for name in array.dtype.names:
        values = array[name]
        if values.dtype.kind in NUMBERS:
            fields.append([name, {"dtype": values.dtype.name, **numbers(values)}])
        else:
            fields.append([name, {"dtype": "string", **strings(values)}])
    return {"kind": "records", "length": len(array), "fields": fields}


def element(value):
    """Summary of any element of an AnnData object."""
    if value is None:
        return {"kind": "scalar", "value": None}
    if isinstance(value, (str, np.str_)):
        return {"kind": "scalar", "type": "string", "value": str(value)}
    if isinstance(value, (bool, np.bool_)):
        return {"kind": "scalar", "type": "bool", "value": bool(value)}
    if isinstance(value, np.generic) and value.dtype.kind in NUMBERS:
        return {"kind": "scalar", "type": "float" if value.dtype.kind == "f" else "int", "value": plain(value)}
    if isinstance(value, (int, float)):
        # anndata gives Python's own numbers, whatever their type in the file
        return {"kind": "scalar", "type": type(value).__name__, "value": plain(value)}
    if isinstance(value, pd.DataFrame):
        return frame(value)
    if sparse.issparse(value):
        return compressed(value)
    if isinstance(value, (pd.Categorical, pd.api.extensions.ExtensionArray, pd.Series)):
        return {"kind": "column", "length": len(value), **column(value)}
    if isinstance(value, np.ndarray):
        if value.ndim == 0:
            return element(value[()])
        if value.dtype.names is not None:
            return records(value)
        if value.dtype.kind in NUMBERS:
            return {"kind": "array", "dtype": value.dtype.name, "shape": list(value.shape), **numbers(value)}
        return {"kind": "strings", "shape": list(value.shape), **strings(value.ravel())}
    if hasattr(value, "items"):
        return {"kind": "dict", "entries": mapping(value)}
    raise TypeError(f"no summary of {type(value)}")


def mapping(values):
    return {str(name): element(value) for name, value in sorted(values.items())}


def whole(adata):
    """Summary of an AnnData object."""
    summary = {
        "nCells": adata.n_obs,
        "nGenes": adata.n_vars,
        "x": None if adata.X is None else element(adata.X),
        "obs": frame(adata.obs),
        "var": frame(adata.var),
        "raw": None,
    }
    for name in ("layers", "obsm", "varm", "obsp", "varp", "uns"):
        summary[name] = mapping(dict(getattr(adata, name)))
    if adata.raw is not None:
        raw = adata.raw
        summary["raw"] = {"x": element(raw.X), "var": frame(raw.var), "varm": mapping(dict(raw.varm))}
    return summary


def counts(matrix):
    """Summary of a matrix as counts are read: sorted CSR in float32 without a stored zero."""
    rows = sparse.csr_matrix(matrix, copy=True)
    rows.sum_duplicates()
    rows.sort_indices()
    rows.data = rows.data.astype("float32")
    rows.eliminate_zeros()
    return {
        "shape": list(rows.shape),
        "nonzeros": int(rows.nnz),
        "sum": numbers(rows.data)["sum"],
        "hash": digest(float_bytes(rows.indptr), float_bytes(rows.indices), float_bytes(rows.data)),
    }


WIDER = {
    "int64": ("int32", "float64"),
    "uint64": ("int32", "uint32", "float64"),
    "float16": ("float32",),
}


def differences(expected, actual, where=""):
    """Where two summaries differ, as sentences. Sums and the first values, which are
    there for the eye, may differ in their last digits, the hashes of all values in none. 64-bit integers and half
    floats of a column may be of another type, that of the Arrow column that holds them."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        found = []
        # equal hashes: sums of numbers that cancel out may still differ
        alike = "hash" in expected and expected["hash"] == actual.get("hash")
        for key in sorted((expected.keys() | actual.keys()) - ({"sum"} if alike else set())):
            below = f"{where}/{key}"
            if key not in actual:
                found.append(f"{below} is missing")
            elif key not in expected:
                found.append(f"{below} is not expected")
            else:
                found.extend(differences(expected[key], actual[key], below))
        return found
    if isinstance(expected, list) and isinstance(actual, list):
        if len(expected) != len(actual):
            return [f"{where}: {shown(expected)}, not {shown(actual)}"]
        return [
            sentence
            for i, (one, other) in enumerate(zip(expected, actual))
            for sentence in differences(one, other, f"{where}[{i}]")
        ]
    tolerance = 1e-6 if where.endswith("/sum") else 1e-4 if "/first[" in where else 0
    if tolerance and isinstance(expected, (int, float)) and isinstance(actual, (int, float)):
        if math.isclose(expected, actual, rel_tol=tolerance, abs_tol=tolerance):
            return []
    elif where.endswith("/type") and (actual in WIDER.get(expected, ()) or expected in WIDER.get(actual, ())):
        return []
    return [] if expected == actual else [f"{where}: {shown(expected)}, not {shown(actual)}"]


def shown(value):
    text = repr(value)
    return text if len(text) < 120 else text[:117] + "..."
