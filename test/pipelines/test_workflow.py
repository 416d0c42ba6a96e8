"""The workflow on Kang's donors and sc_mixology's batches."""

import csv
import json
import re
import signal
import subprocess
import unittest

from jsonschema import validate
from workflow import ROOT, SCVAE, SHORT, configured, kill_when, samples, snakemake

# what a run of the same fit has of its own
OWN = ("command", "seconds", "timings", "train_cells_per_second", "peak_memory_bytes", "input", "threads")


def figures(path):
    return {name: value for name, value in json.loads(path.read_text()).items() if name not in OWN}


def table(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


class Studies(unittest.TestCase):
    def whole(self, study, n_samples):
        folder = configured(study, sheet=str(samples(study) / "samples.csv"))
        result = snakemake(folder)
        self.assertEqual(result.returncode, 0, result.stderr[-3000:])
        out = folder / "results"
        found = {row["sample"]: row for row in table(out / "samples.tsv")}
        self.assertEqual([row["status"] for row in found.values()].count("ok"), n_samples)
        self.assertEqual(found["broken"]["status"], "failed")
        self.assertIn("broken", (out / "summary.html").read_text())
        for file in ("de.csv", "design.json", "outliers.tsv", "report.html"):
            self.assertTrue((out / f"fits/all/all_fit_{file}").stat().st_size > 0)
        self.assertFalse((out / "fits/all/all_fit_latent.csv").exists())
        [row] = table(out / "summary.tsv")
        metrics = json.loads((out / "fits/all/all_fit_metrics.json").read_text())
        self.assertEqual(float(row["heldout_elbo"]), metrics["heldout_elbo"])
        judged = json.loads((out / "fits/all/all_fit_evaluate.json").read_text())["embeddings"]
        self.assertEqual(float(row["batch_correction_after"]), judged["X_scvae"]["batch_correction"])
        self.assertEqual(float(row["batch_correction_before"]), judged["pca"]["batch_correction"])
        schema = json.loads(subprocess.run([*SCVAE, "schema", "metrics"], capture_output=True, text=True).stdout)
        validate(metrics, schema)
        with self.assertRaises(Exception):
            validate({**metrics, "epochs": "many"}, schema)
        page = (out / "multiqc.html").read_text()
        for text in ("Held-out", "scvae", metrics["version"], "scvae_integration"):
            self.assertIn(text, page)
        again = snakemake(folder)
        self.assertIn("Nothing to be done", again.stdout + again.stderr)
        return folder

    def test_mixology(self):
        self.whole("mixology", 5)

    def test_kang_and_the_same_by_hand(self):
        folder = self.whole("kang", 8)
        out = folder / "results"
        options = [word for name, value in SHORT.items() for word in (f"--{name}", str(value))]
        by_hand = [*SCVAE, "fit", "--sheet", out / "projects/all.csv", *options, "-o", folder / "hand", "--quiet", "--json"]
        result = subprocess.run(by_hand, capture_output=True, text=True, check=True)
        self.assertEqual(result.stdout.count("\n"), 1)
        self.assertEqual(figures(folder / "hand_metrics.json"), figures(out / "fits/all/all_fit_metrics.json"))
        for end in ("_latent.arrow", ".model/weights.safetensors"):
            self.assertEqual((folder / f"hand{end}").read_bytes(), (out / f"fits/all/all_fit{end}").read_bytes())


class Sweep(unittest.TestCase):
    def test_two_by_two_by_two(self):
        options = {**SHORT, "max-epochs": 1, "n-latent": [2, 4], "beta": [1, 0.5], "n-layers": [1, 2], "no-umap": True}
        folder = configured("sweep", sheet=str(samples("kang", 30) / "samples.csv"), options=options, seeds=[1, 2])
        result = snakemake(folder)
        self.assertEqual(result.returncode, 0, result.stderr[-3000:])
        out = folder / "results"
        rows = table(out / "sweeps/all.tsv")
        self.assertEqual(len(rows), 10)
        best = min(rows[:8], key=lambda row: float(row["heldout_elbo"]))
        self.assertEqual(json.loads((out / "sweeps/all_best.json").read_text())["run"], best["run"])
        for seed, row in zip("12", rows[8:]):
            self.assertEqual(row["seed"], seed)
            self.assertEqual([row[name] for name in ("n-latent", "beta", "n-layers")], [best[name] for name in ("n-latent", "beta", "n-layers")])
        judged = json.loads((out / "fits/all" / f"all_{best['run']}_evaluate.json").read_text())["embeddings"]
        self.assertEqual(float(best["batch_correction_after"]), judged["X_scvae"]["batch_correction"])
        # a panel of the bound, and one of integration
        self.assertEqual((out / "sweeps/all.svg").read_text().count("<circle"), 20)


class Stopped(unittest.TestCase):
    def test_at_five_moments(self):
        options = {**SHORT, "max-epochs": 60, "no-early-stopping": True, "checkpoint-every": 1, "n-hidden": 64}
        sheet = str(samples("kang") / "samples.csv")
        folder = configured("stopped", sheet=sheet, options=options)
        out = folder / "results"
        log = out / "fits/all/all_fit.log"

        def epoch(number):
            return lambda: log.exists() and re.search(rf"epoch\s+{number}\b", log.read_text())

        moments = [
            ("a sample was looked at", lambda: any(out.glob("samples/*.json")), signal.SIGKILL),
            ("epoch 5", epoch(5), signal.SIGINT),
            ("epoch 25", epoch(25), signal.SIGTERM),
            ("a checkpoint is there, killed outright", lambda: epoch(30)() and any(out.glob("fits/all/all_fit.checkpoint/*")), signal.SIGKILL),
            ("the fit is written", lambda: (out / "fits/all/all_fit_report.html").exists(), signal.SIGKILL),
        ]
        for name, happened, how in moments:
            with self.subTest(name):
                self.assertTrue(kill_when(folder, happened, how))
        result = snakemake(folder)
        self.assertEqual(result.returncode, 0, result.stderr[-3000:])
        words = [word for name, value in options.items() for word in ([f"--{name}"] if value is True else [f"--{name}", str(value)])]
        command = [*SCVAE, "fit", "--sheet", out / "projects/all.csv", *words, "-o", folder / "hand", "--quiet"]
        subprocess.run(command, check=True, capture_output=True)
        self.assertEqual((folder / "hand_latent.arrow").read_bytes(), (out / "fits/all/all_fit_latent.arrow").read_bytes())


class Elsewhere(unittest.TestCase):
    def test_lint(self):
        folder = configured("lint", sheet=str(samples("kang", 30) / "samples.csv"))
        result = snakemake(folder, "--lint")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_dry_runs(self):
        folder = configured("dry", sheet=str(samples("kang", 30) / "samples.csv"))
        (folder / "volume").mkdir()
        more = {"kubernetes": ("--default-storage-prefix", folder / "volume")}
        for profile in ("local", "slurm", "kubernetes"):
            with self.subTest(profile):
                profiled = ("--profile", ROOT / "pipelines/profiles" / profile)
                result = snakemake(folder, "--dry-run", *profiled, *more.get(profile, ()))
                self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
                self.assertIn("inspect", result.stdout + result.stderr)


if __name__ == "__main__":
    unittest.main()
