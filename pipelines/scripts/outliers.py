"""The cells that were flagged, the strangest first."""

import csv

with open(snakemake.input[0], newline="") as file:
    rows = csv.DictReader(file)
    flagged = [row for row in rows if row["scvae_outlier"] in ("1", "true", "True")]
    names = rows.fieldnames
flagged.sort(key=lambda row: -float(row["scvae_outlier_score"]))
with open(snakemake.output[0], "w", newline="") as file:
    table = csv.DictWriter(file, names, delimiter="\t", lineterminator="\n")
    table.writeheader()
    table.writerows(flagged)
