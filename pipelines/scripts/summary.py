"""One table of all fits, and a page with it, with the samples, and with links to what each fit left."""

import csv
import html
import json
import os
from pathlib import Path

FIGURES = """n_cells_fitted n_genes_fitted epochs heldout_elbo n_clusters n_outliers n_warnings train_cells_per_second seconds
peak_memory_bytes device kernels kernels_id seed""".split()
# by the metrics of scIB, of the principal components of the counts and of the latent
INTEGRATION = "batch_correction_before batch_correction_after bio_conservation_before bio_conservation_after".split()
LINKS = {"report": "_report.html", "integration": "_evaluate.html", "design": "_design.json", "DE": "_de.csv", "outliers": "_outliers.tsv", "metrics": "_metrics.json"}


def figures(metrics):
    clusters = metrics["clusters"]
    more = {"n_clusters": clusters[0]["n_clusters"] if clusters else "", "n_warnings": len(metrics["warnings"])}
    return {name: {**metrics, **more}[name] for name in FIGURES}


def integration(path):
    """Before and after; clusters of the fit itself, where there are no labels, say nothing of what is conserved."""
    found = json.loads(path.read_text()) if path.exists() else {}
    if "embeddings" not in found:
        return {name: "" for name in INTEGRATION}
    before, after = found["embeddings"]["pca"], next(of for name, of in found["embeddings"].items() if name != "pca")
    asked = ["batch_correction"] if found["labels_are_clusters"] else ["batch_correction", "bio_conservation"]
    known = {f"{name}_{when}": of[name] for name in asked for when, of in (("before", before), ("after", after))}
    return {name: known.get(name, "") for name in INTEGRATION}


def shown(value):
    if isinstance(value, float):
        value = f"{value:,.3f}"
    return html.escape(str(value))


def html_table(names, rows):
    """Rows of cells that are HTML already."""
    head = "".join(f"<th>{html.escape(name)}</th>" for name in names)
    body = "".join(f"<tr{attributes}>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>" for attributes, cells in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


fits = []
for path in map(Path, snakemake.input.metrics):
    run = path.name.removesuffix("_metrics.json").removeprefix(f"{path.parent.name}_")
    prefix = str(path).removesuffix("_metrics.json")
    row = {**figures(json.loads(path.read_text())), **integration(Path(f"{prefix}_evaluate.json"))}
    fits.append((Path(prefix), {"project": path.parent.name, "run": run, **row}))

names = ["project", "run", *FIGURES, *INTEGRATION]
with open(snakemake.output.table, "w", newline="") as file:
    table = csv.DictWriter(file, names, delimiter="\t", lineterminator="\n")
    table.writeheader()
    table.writerows(row for _, row in fits)

with open(snakemake.input.samples, newline="") as file:
    samples = list(csv.DictReader(file, delimiter="\t"))
failed = [row for row in samples if row["status"] != "ok"]
fitted = {row["project"] for _, row in fits}
lost = sorted({row["project"] for row in samples} - fitted)

folder = Path(snakemake.output.page).parent


def link(path, text):
    return f'<a href="{html.escape(os.path.relpath(path, folder))}">{html.escape(text)}</a>'


def links(prefix):
    files = {text: Path(f"{prefix}{ending}") for text, ending in LINKS.items()}
    return " · ".join(link(path, text) for text, path in files.items() if path.exists())


parts = [f"<h1>Fits: {len(fits)}, of {len(samples) - len(failed)} samples</h1>"]
if failed:
    items = "".join(f"<li><b>{shown(row['sample'])}</b>: {shown(row['reason'])}</li>" for row in failed)
    parts.append(f'<div class="failed"><h2>{len(failed)} left out</h2><ul>{items}</ul></div>')
if lost:
    parts.append(f'<p class="failed">No sample is left of: {shown(", ".join(lost))}.</p>')
parts.append("<h2>Fits</h2>")
parts.append(html_table(["files", *names], [("", [links(prefix), *map(shown, row.values())]) for prefix, row in fits]))
for plot in snakemake.input.sweeps:
    parts.append(f"<h2>Sweep of {shown(Path(plot).stem)}</h2>{Path(plot).read_text()}")
parts.append("<h2>Samples</h2>")
rows = [(' class="failed"' if row["status"] != "ok" else "", list(map(shown, row.values()))) for row in samples]
parts.append(html_table(list(samples[0]), rows))
style = """body { font: 15px/1.5 sans-serif; margin: 2em; color: #1f2937 } h1, h2 { font-weight: 600 }
td:first-child { white-space: nowrap }
table { border-collapse: collapse; display: block; overflow-x: auto } th, td { padding: .3em .8em; border-bottom: 1px solid #e5e7eb; text-align: left }
.failed { background: #fef2f2 } div.failed { padding: .2em 1em } a { color: #1d4ed8 }"""
Path(snakemake.output.page).write_text(
    f'<!doctype html><html lang="en"><meta charset="utf-8"><title>scvae: summary</title><style>{style}</style>{"".join(parts)}</html>\n'
)
