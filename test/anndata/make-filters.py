"""Makes filters.h5: one small dataset for each compression, with h5py and hdf5plugin.

python test/anndata/make-filters.py test/anndata/filters.h5
"""

import sys

import h5py
import hdf5plugin
import numpy as np

numbers = np.arange(200, dtype="i4") % 7
strings = np.array([f"cell_{i % 20}é" for i in range(200)], dtype=object)
filters = {
    "bitshuffle": hdf5plugin.Bitshuffle(),
    "blosc-lz4": hdf5plugin.Blosc(cname="lz4"),
    "blosc-zstd": hdf5plugin.Blosc(cname="zstd"),
    "blosc-zlib": hdf5plugin.Blosc(cname="zlib"),
    "blosc2": hdf5plugin.Blosc2(),
    "bz2": hdf5plugin.BZip2(),
    "gzip": {"compression": "gzip"},
    "lz4": hdf5plugin.LZ4(),
    "lzf": {"compression": "lzf"},
    "szip": {"compression": "szip"},
    "zfp": hdf5plugin.Zfp(reversible=True),
    "zstd": hdf5plugin.Zstd(),
}
with h5py.File(sys.argv[1], "w", libver="latest") as file:
    for name, options in filters.items():
        file.create_dataset(f"numbers/{name}", data=numbers, chunks=(90,), **options)
        # blosc and zfp know nothing of strings
        if name.startswith("blosc") or name == "zfp":
            continue
        file.create_dataset(f"strings/{name}", data=strings, chunks=(90,), dtype=h5py.string_dtype(), **options)
    file["odd/float16"] = np.array([0.5, -2, np.inf, 6e-8], dtype="f2")
    file["odd/big_endian"] = np.array([1, -2, 2**40], dtype=">i8")
    file["odd/bool"] = np.array([True, False, True])
    file["odd/bool_scalar"] = True
    file["odd/wide"] = np.array([-1, 2**53, -(2**33) - 5], dtype="i8")
    file["odd/unsigned"] = np.array([2**40], dtype="u8")
    file["odd/text_scalar"] = "é"
    file["odd/null"] = h5py.Empty("f8")
    file["odd/complex"] = np.array([1 + 2j])
    file["odd/padded"] = np.array([b"ab", b"\xc3\xa9   "], dtype="S6")
    records = np.zeros(3, dtype=[("name", h5py.string_dtype()), ("half", "f2"), ("flag", "?"), ("pair", "f4", (2,))])
    records["name"] = ["a", "é", ""]
    records["half"] = [0.5, 1.5, -2]
    records["flag"] = [True, False, True]
    records["pair"] = [[1, 2], [3, 4], [5, 6]]
    file["odd/records"] = records
    attributes = file["odd"].attrs
    attributes["yes"] = True
    attributes["several"] = np.array([True, False])
    attributes["wide"] = np.int64(2**40)
    attributes["text"] = "é"
    attributes["texts"] = ["a", "é"]
    attributes["none"] = h5py.Empty("f4")
    attributes["fixed"] = np.bytes_("ab")
    attributes["half"] = np.float16(0.5)
    attributes.create("ascii", "é".encode(), dtype=h5py.string_dtype("ascii"))
    attributes["reference"] = file["odd/bool"].ref
