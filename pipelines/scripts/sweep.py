"""Table and plot of a grid: minus the ELBO of the held-out cells and the integration of each combination, the best one's seeds beside."""

import csv
import html
from pathlib import Path

from figures import integration, metrics_of, prefix_of

ROW, LEFT, WIDTH, GAP = 26, 320, 300, 90
# what a panel shows, its title, and which of two is better
PANELS = [
    ("heldout_elbo", "minus the held-out ELBO, nats a cell (left is better)"),
    ("batch_correction_after", "batch correction by scIB (right is better)"),
]


def rows_of(out, project, runs, swept):
    """A row of each fit that is there."""
    rows = []
    for run in runs:
        prefix = prefix_of(out, project, run)
        metrics = metrics_of(prefix)
        if metrics is None:
            continue
        settings = {**metrics["training"], **metrics["model"], **metrics}
        values = {name: settings.get(name.replace("-", "_"), "") for name in swept}
        own = {name: metrics[name] for name in ("seed", "heldout_elbo", "epochs")}
        rows.append({"run": run, **values, **own, **integration(prefix)})
    return rows


def panel(rows, name, title, left):
    """Circles on lines, at the values of one figure; nothing of a fit that lacks it."""
    known = [row[name] for row in rows if isinstance(row[name], (int, float))]
    low = min(known, default=0)
    span = max(known, default=1) - low or 1
    parts = [f'<text x="{left}" y="50">{html.escape(title)}</text>']
    for i, row in enumerate(rows):
        value, y = row[name], 80 + i * ROW
        parts.append(f'<line x1="{left}" x2="{left + WIDTH}" y1="{y}" y2="{y}" stroke="#e5e7eb"/>')
        if value not in known:
            continue
        color = "#c2410c" if row["run"].startswith("best.") else "#1d4ed8"
        parts += [
            f'<circle cx="{left + (value - low) / span * WIDTH:.1f}" cy="{y}" r="5" fill="{color}"/>',
            f'<text x="{left + WIDTH + 15}" y="{y + 4}">{value:.3f}</text>',
        ]
    return parts


def plot_of(project, rows):
    ordered = sorted(rows, key=lambda row: (row["heldout_elbo"] is None, row["heldout_elbo"] or 0))
    parts = [f'<text x="{LEFT}" y="{84 + i * ROW}" text-anchor="end">{html.escape(row["run"])}</text>' for i, row in enumerate(ordered)]
    for i, (name, title) in enumerate(PANELS):
        parts += panel(ordered, name, title, LEFT + 20 + i * (WIDTH + GAP))
    width, height = LEFT + 20 + len(PANELS) * (WIDTH + GAP), 90 + ROW * len(ordered)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="13"><rect width="100%" height="100%" fill="white"/>'
        f'<text x="20" y="24" font-size="16">{html.escape(project)}</text>{"".join(parts)}</svg>\n'
    )


def write_sweep(out, project, runs, swept):
    """Writes the table and the plot of the fits that are there; none where no fit is."""
    rows = rows_of(out, project, runs, swept)
    if not rows:
        return
    folder = Path(out, "sweeps")
    folder.mkdir(exist_ok=True)
    with open(folder / f"{project}.tsv", "w", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]), delimiter="\t", lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    (folder / f"{project}.svg").write_text(plot_of(project, rows))
