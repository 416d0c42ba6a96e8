"""The figures of a fit that tables show, and what is there of each fit."""

import json
from pathlib import Path

from said import last_words

FIGURES = """n_cells_fitted n_genes_fitted epochs heldout_elbo n_clusters n_outliers n_warnings train_cells_per_second seconds
peak_memory_bytes device kernels kernels_id seed""".split()
# by the metrics of scIB, of the principal components of the counts and of the latent
INTEGRATION = "batch_correction_before batch_correction_after bio_conservation_before bio_conservation_after".split()
# what is asked of a fit: the file that each question ends with, and whether it is asked of all combinations of a grid
QUESTIONS = {"design": ("_design.json", False), "integration": ("_evaluate.json", True), "de": ("_de.csv", False), "outliers": ("_outliers.tsv", False)}


def prefix_of(out, project, run):
    return f"{out}/fits/{project}/{project}_{run}"


def metrics_of(prefix):
    """The metrics of a fit; None where it is not there."""
    path = Path(f"{prefix}_metrics.json")
    return json.loads(path.read_text()) if path.exists() else None


def figures(metrics):
    clusters = metrics["clusters"]
    more = {"n_clusters": clusters[0]["n_clusters"] if clusters else "", "n_warnings": len(metrics["warnings"])}
    return {name: {**metrics, **more}[name] for name in FIGURES}


def integration(prefix):
    """Before and after; clusters of the fit itself, where there are no labels, say nothing of what is conserved."""
    path = Path(f"{prefix}_evaluate.json")
    found = json.loads(path.read_text()) if path.exists() else {}
    if "embeddings" not in found:
        return {name: "" for name in INTEGRATION}
    before, after = found["embeddings"]["pca"], next(of for name, of in found["embeddings"].items() if name != "pca")
    asked = ["batch_correction"] if found["labels_are_clusters"] else ["batch_correction", "bio_conservation"]
    known = {f"{name}_{when}": of[name] for name in asked for when, of in (("before", before), ("after", after))}
    return {name: known.get(name, "") for name in INTEGRATION}


def reason(log):
    """Why a job left nothing, by its log."""
    if not Path(log).exists():
        return "it was not begun, as what it waits for is not there"
    return last_words(log) or f"it ended without a word, as one does that is killed for its memory or time; its log is {log}"


def failures(out, project, run, final):
    """What was to come of a fit and is not there: the step, and why."""
    prefix = prefix_of(out, project, run)
    if metrics_of(prefix) is None:
        estimated = Path(f"{out}/projects/{project}.json").exists()
        return {"fit": reason(f"{out}/logs/fit/{project}/{run}.log" if estimated else f"{out}/logs/estimate/{project}.log")}
    asked = {step: ending for step, (ending, of_all) in QUESTIONS.items() if of_all or run in final}
    return {
        step: reason(f"{out}/logs/{step}/{project}/{run}.log")
        for step, ending in asked.items()
        if not Path(f"{prefix}{ending}").exists()
    }
