"""Table and plot of a grid: minus the ELBO of the held-out cells, of each combination, the best one's seeds beside."""

import csv
import html
import json
from pathlib import Path

ROW, LEFT, WIDTH = 26, 320, 420

runs = []
for run, path in zip(snakemake.params.runs, snakemake.input):
    metrics = json.loads(Path(path).read_text())
    settings = {**metrics["training"], **metrics["model"], **metrics}
    swept = {name: settings.get(name.replace("-", "_"), "") for name in snakemake.params.swept}
    runs.append({"run": run, **swept, "seed": metrics["seed"], "heldout_elbo": metrics["heldout_elbo"], "epochs": metrics["epochs"]})

with open(snakemake.output.table, "w", newline="") as file:
    table = csv.DictWriter(file, list(runs[0]), delimiter="\t", lineterminator="\n")
    table.writeheader()
    table.writerows(runs)

known = [run for run in runs if run["heldout_elbo"] is not None]
known.sort(key=lambda run: run["heldout_elbo"])
low = min((run["heldout_elbo"] for run in known), default=0)
span = max((run["heldout_elbo"] for run in known), default=1) - low or 1
lines = []
for i, run in enumerate(known):
    x, y = LEFT + 20 + (run["heldout_elbo"] - low) / span * WIDTH, 70 + i * ROW
    color = "#c2410c" if run["run"].startswith("best.") else "#1d4ed8"
    lines += [
        f'<text x="{LEFT}" y="{y + 4}" text-anchor="end">{html.escape(run["run"])}</text>',
        f'<line x1="{LEFT + 20}" x2="{LEFT + 20 + WIDTH}" y1="{y}" y2="{y}" stroke="#e5e7eb"/>',
        f'<circle cx="{x:.1f}" cy="{y}" r="5" fill="{color}"/>',
        f'<text x="{LEFT + WIDTH + 40}" y="{y + 4}">{run["heldout_elbo"]:.3f}</text>',
    ]
height = 90 + ROW * len(known)
title = html.escape(f"{snakemake.wildcards.project}: minus the held-out ELBO, nats a cell (left is better)")
Path(snakemake.output.plot).write_text(
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 130} {height}" width="{LEFT + WIDTH + 130}" height="{height}" '
    'font-family="sans-serif" font-size="13"><rect width="100%" height="100%" fill="white"/>'
    f'<text x="20" y="30" font-size="16">{title}</text>{"".join(lines)}</svg>\n'
)
