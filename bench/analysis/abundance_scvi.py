"""Densities of samples by scvi-tools beside those of scvae: python abundance_scvi.py FOLDER FILE SAMPLE_KEY"""

import json
import sys
from pathlib import Path

import anndata
import numpy as np
from scvi.model import SCVI

folder, file, key = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
adata = anndata.read_h5ad(file)
model = SCVI.load(folder / "scvi", adata=adata)
model.differential_abundance(sample_key=key)
theirs = adata.obsm["da_log_probs"]
names = json.loads((folder / "samples.json").read_text())
ours = np.fromfile(folder / "densities", np.float32).reshape(adata.n_obs, len(names)).astype(float)

# each cell back into the mixture of its own sample; variances are standard deviations there
mean, variance = model.get_latent_representation(return_dist=True)
peak = -np.log(np.sqrt(2 * np.pi) * variance).sum(1)
sample = adata.obs[key].astype(str).to_numpy()
for column, name in enumerate(names):
    own = np.flatnonzero(sample == name)
    n = len(own)
    ours[own, column] = np.logaddexp(ours[own, column] + np.log(n - 1), peak[own]) - np.log(n)

difference = np.abs(ours - theirs[names].to_numpy(dtype=float))
scale = np.maximum(1, np.abs(ours))
result = {
    "values": int(difference.size),
    "largest": float(difference.max()),
    "largestRelative": float((difference / scale).max()),
    "medianRelative": float(np.median(difference / scale)),
}
(folder / "result.json").write_text(json.dumps(result))
