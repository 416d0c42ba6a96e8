# Functions of the rules: what a job takes, and which fits there are.
import csv
import json


def options_of(wildcards, input):
    """Words of the options of a run; those of the best are known once the grid is fitted."""
    if wildcards.run in GRID:
        return words(GRID[wildcards.run])
    best = input.get("best")
    # a dry run asks before there is a grid
    if not Path(best).exists():
        return "(those of the best)"
    chosen = json.loads(Path(best).read_text())["run"]
    return words({**GRID[chosen], "seed": SEEDS[wildcards.run]})


def fit_input(wildcards):
    needed = {"sheet": f"{OUT}/projects/{wildcards.project}.csv", "estimate": f"{OUT}/projects/{wildcards.project}.json"}
    if wildcards.run in SEEDS:
        needed["best"] = f"{OUT}/sweeps/{wildcards.project}_best.json"
    return needed


def memory(wildcards, input, attempt):
    """Megabytes of a fit: what inspect expects, with a half more, and as much again for each attempt."""
    estimate = json.loads(Path(input.estimate).read_text())["estimated_memory_bytes"]
    return max(1000, round((estimate or 4e9) * 1.5 / 1e6)) * attempt


def fitted_projects():
    """Those of `projects_in`, once the samples were looked at."""
    return projects_in(checkpoints.samples.get().output[0])


def projects_in(samples):
    """Projects with a sample that can be fitted, by the table of samples."""
    with open(samples, newline="") as file:
        ok = {row["project"] for row in csv.DictReader(file, delimiter="\t") if row["status"] == "ok"}
    return [project for project in PROJECTS if project in ok]


def of_all(pattern, runs):
    """A file of each project that is fitted, and of each of these runs."""
    return lambda wildcards: expand(pattern, project=fitted_projects(), run=runs)


def integration_words():
    """Options of `scvae evaluate`: the batches of the fit, or its files, if it was told of none."""
    batch = OPTIONS.get("batch-key")
    asked = {"batch-key": batch if isinstance(batch, str) else "scvae_file", **config.get("integration", {})}
    return words({"embedding": f"{OPTIONS.get('obsm-key', 'X_scvae')},pca", **asked})
