"""Makes layouts.h5 and layouts-latest.h5: arrays in every way that their values can lie in a file.

python test/anndata/make-layouts.py test/anndata
"""

import sys
from pathlib import Path

import h5py
import numpy as np

folder = Path(sys.argv[1])
LIST = np.arange(1000) * 37 % 251
TABLE = (np.arange(37 * 29) * 31 % 127).reshape(37, 29)

with h5py.File(folder / "layouts.h5", "w", userblock_size=1024) as file:
    lists = file.create_group("lists")

    def of_list(name, dtype="<f4", chunks=(130,), values=LIST, **how):
        lists.create_dataset(name, data=values.astype(dtype), chunks=chunks, **how)

    of_list("gzip", compression="gzip")
    of_list("plain chunks")
    of_list("one chunk", chunks=(1000,), compression="gzip")
    of_list("chunks of one", values=LIST[:70], chunks=(1,), compression="gzip")
    of_list("contiguous", chunks=None)
    for dtype in ["<i1", "<u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8", "?"]:
        of_list(f"shuffle {np.dtype(dtype).name}", dtype, compression="gzip", shuffle=True)
    of_list("fletcher32", compression="gzip", fletcher32=True)
    of_list("fletcher32 odd", "<u1", chunks=(131,), fletcher32=True)
    of_list("all filters", "<i4", compression="gzip", shuffle=True, fletcher32=True)
    of_list("big end", ">i4", compression="gzip")
    of_list("lzf", compression="lzf")
    of_list("scale offset", "<i4", scaleoffset=0)
    holes = lists.create_dataset("holes", (1000,), "<i4", chunks=(130,), compression="gzip", fillvalue=7)
    holes[260:520] = LIST[260:520]

    # the second chunk without gzip, as HDF5 leaves it where a filter fails
    of_list("masked", compression="gzip", shuffle=True)
    lists["masked"].id.write_direct_chunk((130,), LIST[130:260].astype("<f4").tobytes(), filter_mask=3)

    # more than a node of the tree has room for
    of_list("deep", "<u2", values=np.arange(5000) % 999, chunks=(20,), compression="gzip")

    compact = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    compact.set_layout(h5py.h5d.COMPACT)
    space = h5py.h5s.create_simple((1000,))
    made = h5py.h5d.create(lists.id, b"compact", h5py.h5t.IEEE_F32LE, space, compact)
    made.write(h5py.h5s.ALL, h5py.h5s.ALL, LIST.astype("<f4"))

    tables = file.create_group("tables")
    tables.create_dataset("gzip", data=TABLE.astype("<f4"), chunks=(8, 5), compression="gzip")
    tables.create_dataset("wide", data=TABLE.astype("<i8"), chunks=(3, 29), compression="gzip", shuffle=True)
    tables.create_dataset("tall", data=TABLE.astype("<u2"), chunks=(37, 2), compression="gzip")
    tables.create_dataset("contiguous", data=TABLE.astype("<f8"))
    file.create_dataset("cube", data=np.arange(24.0).reshape(2, 3, 4), chunks=(1, 3, 2), compression="gzip")

with h5py.File(folder / "layouts-latest.h5", "w", libver="latest") as file:
    file.create_dataset("fixed", data=LIST.astype("<f4"), chunks=(130,), compression="gzip")
    file.create_dataset("growing", data=LIST.astype("<f4"), chunks=(130,), maxshape=(None,), compression="gzip")
    file.create_dataset("contiguous", data=LIST.astype("<f4"))
