"""A fit that never succeeds: the others' summary is there, and names it."""

import csv
import unittest

from workflow import SHORT, configured, samples, snakemake


def table(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


class Failing(unittest.TestCase):
    def test_grid_with_one_that_fails(self):
        options = {**SHORT, "max-epochs": 1, "likelihood": ["nb", "nonsense"], "no-umap": True}
        settings = {"sheet": str(samples("mixology", 30) / "samples.csv"), "seeds": [1]}
        folder = configured("failing", options=options, **settings)
        out = folder / "results"
        result = snakemake(folder, "--retries", "1")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("What failed is named in", result.stderr)
        good, bad, best = table(out / "summary.tsv")
        self.assertEqual([row["run"] for row in (good, bad, best)], ["likelihood_nb", "likelihood_nonsense", "best.seed_1"])
        self.assertEqual([row["status"] for row in (good, bad, best)], ["ok", "failed", "failed"])
        self.assertIn("nonsense", bad["reason"])
        self.assertIn("not begun", best["reason"])
        self.assertGreater(float(good["heldout_elbo"]), 0)
        page = (out / "summary.html").read_text()
        self.assertIn("<b>all, likelihood_nonsense</b>: fit: ", page)
        self.assertIn("<b>broken</b>", page)
        self.assertIn("all_likelihood_nb", (out / "multiqc.html").read_text())
        self.assertEqual([row["run"] for row in table(out / "sweeps/all.tsv")], ["likelihood_nb"])
        # left out, the rest comes to its end: what is there is not fitted again
        before = (out / "fits/all/all_likelihood_nb.h5ad").stat().st_mtime
        configured("failing", options=options, **settings, **{"leave-out": ["likelihood_nonsense"]})
        result = snakemake(folder)
        self.assertEqual(result.returncode, 0, result.stderr[-3000:])
        self.assertEqual((out / "fits/all/all_likelihood_nb.h5ad").stat().st_mtime, before)
        self.assertEqual([(row["run"], row["status"]) for row in table(out / "summary.tsv")], [("likelihood_nb", "ok")])


if __name__ == "__main__":
    unittest.main()
