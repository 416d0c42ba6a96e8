"""The sheet of a project's samples that can be fitted, for `scvae fit --sheet`."""

import csv

with open(snakemake.input[0], newline="") as file:
    usable = {
        row["sample"]
        for row in csv.DictReader(file, delimiter="\t")
        if row["status"] == "ok" and row["project"] == snakemake.wildcards.project
    }
rows = [row for row in snakemake.params.rows if row["sample"] in usable]
with open(snakemake.output[0], "w", newline="") as file:
    table = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
