"""Which run of a grid has the lowest held-out minus ELBO."""

import json
from pathlib import Path

runs = []
for run, path in zip(snakemake.params.runs, snakemake.input):
    bound = json.loads(Path(path).read_text())["heldout_elbo"]
    if bound is not None:
        runs.append((bound, run))
if not runs:
    raise SystemExit("no run of the grid held out cells, so that none is best: leave out train-size: 1")
bound, run = min(runs)
Path(snakemake.output[0]).write_text(json.dumps({"run": run, "heldout_elbo": bound}, indent=2) + "\n")
