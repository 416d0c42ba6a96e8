"""One table of all fits, and a page with it, with what failed, with the samples, and with links to what each fit left."""

import csv
import html
import os
from pathlib import Path

from figures import FIGURES, INTEGRATION, failures, figures, integration, metrics_of, prefix_of

LINKS = {"report": "_report.html", "integration": "_evaluate.html", "design": "_design.json", "DE": "_de.csv", "outliers": "_outliers.tsv", "metrics": "_metrics.json"}
NAMES = ["project", "run", "status", "reason", *FIGURES, *INTEGRATION]
STYLE = """body { font: 15px/1.5 sans-serif; margin: 2em; color: #1f2937 } h1, h2 { font-weight: 600 }
td:first-child { white-space: nowrap }
table { border-collapse: collapse; display: block; overflow-x: auto } th, td { padding: .3em .8em; border-bottom: 1px solid #e5e7eb; text-align: left }
.failed { background: #fef2f2 } div.failed { padding: .2em 1em } a { color: #1d4ed8 }"""


def row_of(out, project, run, final):
    """A row of the table. A fit that failed has no figures; one that a question about it failed of has them."""
    prefix = prefix_of(out, project, run)
    failed = failures(out, project, run, final)
    status = "failed" if "fit" in failed else "incomplete" if failed else "ok"
    reason = "; ".join(f"{step}: {why}" for step, why in failed.items())
    metrics = metrics_of(prefix)
    return {
        **{"project": project, "run": run, "status": status, "reason": reason},
        **(figures(metrics) if metrics else {name: "" for name in FIGURES}),
        **integration(prefix),
    }


def shown(value):
    if isinstance(value, float):
        value = f"{value:,.3f}"
    return html.escape(str(value))


def html_table(names, rows):
    """Rows of cells that are HTML already; those of what failed are marked."""
    head = "".join(f"<th>{html.escape(name)}</th>" for name in names)
    marked = {True: ' class="failed"', False: ""}
    body = "".join(f"<tr{marked[failed]}>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>" for failed, cells in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def failed_list(title, items):
    """A marked list of names and why; nothing where nothing failed."""
    if not items:
        return ""
    lines = "".join(f"<li><b>{shown(name)}</b>: {shown(why)}</li>" for name, why in items)
    return f'<div class="failed"><h2>{title}</h2><ul>{lines}</ul></div>'


def links(out, prefix):
    files = {text: Path(f"{prefix}{ending}") for text, ending in LINKS.items()}
    return " · ".join(
        f'<a href="{html.escape(os.path.relpath(path, out))}">{html.escape(text)}</a>' for text, path in files.items() if path.exists()
    )


def page_of(out, rows, samples, plots):
    left_out = [row for row in samples if row["status"] != "ok"]
    lost = sorted({row["project"] for row in samples} - {row["project"] for row in rows})
    fitted = [row for row in rows if row["status"] != "failed"]
    parts = [f"<h1>Fits: {len(fitted)}, of {len(samples) - len(left_out)} samples</h1>"]
    failed = [(f"{row['project']}, {row['run']}", row["reason"]) for row in rows if row["reason"]]
    parts.append(failed_list(f"{len(failed)} not whole", failed))
    parts.append(failed_list(f"{len(left_out)} left out", [(row["sample"], row["reason"]) for row in left_out]))
    if lost:
        parts.append(f'<p class="failed">No sample is left of: {shown(", ".join(lost))}.</p>')
    parts.append("<h2>Fits</h2>")
    names = [name for name in NAMES if name != "reason"]
    table = [(row["status"] != "ok", [links(out, prefix_of(out, row["project"], row["run"])), *(shown(row[name]) for name in names)]) for row in rows]
    parts.append(html_table(["files", *names], table))
    for project, plot in plots.items():
        parts.append(f"<h2>Sweep of {shown(project)}</h2>{plot.read_text()}")
    parts.append("<h2>Samples</h2>")
    parts.append(html_table(list(samples[0]), [(row["status"] != "ok", list(map(shown, row.values()))) for row in samples]))
    return f'<!doctype html><html lang="en"><meta charset="utf-8"><title>scvae: summary</title><style>{STYLE}</style>{"".join(parts)}</html>\n'


def write_summary(out, projects, runs, final):
    """Writes `summary.tsv` and `summary.html` of these runs of these projects: of what is there, and of what is not, why."""
    with open(Path(out, "samples.tsv"), newline="") as file:
        samples = list(csv.DictReader(file, delimiter="\t"))
    rows = [row_of(out, project, run, final) for project in projects for run in runs]
    with open(Path(out, "summary.tsv"), "w", newline="") as file:
        table = csv.DictWriter(file, NAMES, delimiter="\t", lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    # a plot of an earlier grid may lie beside one fit
    plots = {project: Path(out, "sweeps", f"{project}.svg") for project in projects if len(runs) > 1}
    there = {project: plot for project, plot in plots.items() if plot.exists()}
    Path(out, "summary.html").write_text(page_of(out, rows, samples, there))
