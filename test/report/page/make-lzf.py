"""Makes lzf.h5ad: 12 cells of the genes of small-data.ts, compressed by lzf.

python test/report/page/make-lzf.py test/report/page/lzf.h5ad
"""

import sys

import anndata
import numpy as np
import pandas as pd
import scipy.sparse as sp

counts = np.random.default_rng(1).poisson(1.5, (12, 30)).astype("f4")
adata = anndata.AnnData(
    sp.csr_matrix(counts),
    obs=pd.DataFrame({"batch": ["a", "b"] * 6}, index=[f"cell_{i}" for i in range(12)]),
    var=pd.DataFrame(index=[f"gene_{i + 1:02d}" for i in range(30)]),
)
adata.write_h5ad(sys.argv[1], compression="lzf")
