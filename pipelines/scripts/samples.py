"""A line a sample: whether it takes part, why not, and its size."""

import csv
import json
from pathlib import Path

COLUMNS = ["sample", "project", "status", "reason", "format", "n_cells", "n_genes", "counts_source", "mean_genes_per_cell"]

project_of = {sample: project for project, samples in snakemake.params.projects.items() for sample in samples}
with open(snakemake.output[0], "w", newline="") as file:
    table = csv.DictWriter(file, COLUMNS, delimiter="\t", extrasaction="ignore", lineterminator="\n")
    table.writeheader()
    for path in snakemake.input:
        found = json.loads(Path(path).read_text())
        fit = found.get("fit") or {}
        refusal = fit.get("refusal")
        reason = found.get("failed") or (refusal["message"] if refusal else "")
        cells = fit.get("n_cells_fitted")
        sample = Path(path).name.removesuffix(".json")
        table.writerow(
            {
                **found,
                "sample": sample,
                "project": project_of[sample],
                "status": "failed" if reason else "ok",
                "reason": reason,
                "counts_source": fit.get("counts_source") or found.get("counts_source"),
                "mean_genes_per_cell": round(fit["nonzeros"] / cells, 1) if cells and fit.get("nonzeros") else "",
            }
        )
