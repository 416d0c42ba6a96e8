"""scvi-tools' side of ask.mjs: questions to a fitted model.

    python ask_scvi.py MODEL FILE GROUP_COLUMN THREADS DRAWS MARGINAL_DRAWS

Reads the names of questions from standard input, one a line, and answers each with a line of JSON: its seconds, and those of the
processor over all threads.
"""

import json
import logging
import resource
import sys
import time
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

import anndata
import scvi
import torch

model_path, file_path, group_column = sys.argv[1:4]
threads, draws, marginal_draws = map(int, sys.argv[4:7])
torch.set_num_threads(threads)
adata = anndata.read_h5ad(file_path)
model = scvi.model.SCVI.load(model_path, adata=adata)
first_group = sorted(adata.obs[group_column].unique())[0]

QUESTIONS = {
    "group": lambda: model.differential_expression(groupby=group_column, group1=first_group, silent=True),
    "groups": lambda: model.differential_expression(groupby=group_column, silent=True),
    "normalized": lambda: model.get_normalized_expression(n_samples=draws, return_numpy=True),
    "predictive": lambda: model.posterior_predictive_sample(n_samples=1),
    "marginal": lambda: model.get_marginal_ll(n_mc_samples=marginal_draws),
}


def processor_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


print(json.dumps({"scvi-tools": scvi.__version__, "torch": torch.__version__}), flush=True)
for line in sys.stdin:
    start, used = time.perf_counter(), processor_seconds()
    QUESTIONS[line.strip()]()
    times = {"seconds": time.perf_counter() - start, "processorSeconds": processor_seconds() - used}
    print(json.dumps(times), flush=True)
