"""Mistakes in config and sheet are told in a sentence, before anything runs."""

import sys
import tempfile
import unittest
from pathlib import Path

from workflow import ROOT, configured, snakemake

sys.path.insert(0, str(ROOT / "pipelines/scripts"))
from checks import Mistake, check_config, grid_of, projects_of, read_sheet
from command import data_words, words
from figures import failures
from said import last_words

CONFIGS = [
    ({}, '"sheet" is missing; wanted is the path of a .csv or .tsv file with a line a sample.'),
    ({"sheet": 3}, '"sheet" is 3; wanted is the path of a .csv or .tsv file'),
    ({"sheet": "s.csv", "seed": [1]}, '"seed" is not known in it; known are'),
    ({"sheet": "s.csv", "seeds": "1"}, '"seeds" is "1"; wanted is a list of different whole numbers.'),
    ({"sheet": "s.csv", "seeds": [1, -2]}, '"seeds.1" is -2; wanted is a whole number, 0 or more.'),
    ({"sheet": "s.csv", "options": {"--beta": 1}}, '"--beta" is no name of an option'),
    ({"sheet": "s.csv", "options": {"output": "x"}}, 'the option "output" is set by the workflow itself'),
    ({"sheet": "s.csv", "options": {"beta": []}}, '"options.beta" is []; wanted is a text, a number'),
    ({"sheet": "s.csv", "options": {"beta": [[1]]}}, '"options.beta.0" is [1]; wanted is a text, a number, or true'),
    ({"sheet": "s.csv", "design": {"donor": "x"}}, '"donor" is not known in "design"'),
    ({"sheet": "s.csv", "leave-out": "a"}, '"leave-out" is "a"; wanted is a list of names of combinations'),
]
SHEETS = [
    ("path,sample\n", "it names no sample"),
    ("file,sample\na,b\n", 'it has no column "path"; it has file, sample.'),
    ("path,batch\na,b\n", 'it has no column "sample"'),
    ("path,sample\na\n", "line 2: it has 1 fields where the first line has 2."),
    ("path,sample\n,b\n", 'line 2: "path" is ""; wanted is the path of a file or folder'),
    ("path,sample\na,b c\n", "line 2: \"sample\" is \"b c\"; wanted is a name of letters, digits"),
    ("path,sample\na,b\nc,b\n", 'line 3: the sample "b" is there twice'),
    ("path,sample,batch\na,b,\n", '"batch" is ""; wanted is a name for the batch.'),
    ("path,sample,tissue\na,b,\n", '"tissue" is empty'),
]


class Mistakes(unittest.TestCase):
    def test_config(self):
        for config, said in CONFIGS:
            with self.subTest(config), self.assertRaises(Mistake) as raised:
                check_config(config)
            self.assertIn(said, str(raised.exception))

    def test_sheet(self):
        with tempfile.TemporaryDirectory() as folder:
            sheet = Path(folder, "s.csv")
            for text, said in SHEETS:
                sheet.write_text(text)
                with self.subTest(text), self.assertRaises(Mistake) as raised:
                    read_sheet(sheet, "tissue" if "tissue" in text else None)
                self.assertIn(said, str(raised.exception))
        with self.assertRaisesRegex(Mistake, "which is not there"):
            read_sheet("nowhere.csv")

    def test_right_ones_pass(self):
        check_config({"sheet": "s.csv", "options": {"beta": [1, 0.5], "all-genes": True}, "seeds": [1, 2]})

    def test_workflow_says_it(self):
        folder = configured("mistaken", sheet="nowhere.csv", seeds=[1, 1])
        result = snakemake(folder, "--dry-run")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn('"seeds" is [1, 1]; wanted is a list of different whole numbers.', result.stdout + result.stderr)
        self.assertNotIn("Traceback", result.stdout + result.stderr)


class Rules(unittest.TestCase):
    def test_grid(self):
        grid = grid_of({"n-latent": [5, 10], "beta": [1, 0.5], "batch-key": "b"})
        self.assertEqual(list(grid), ["n-latent_5.beta_1", "n-latent_5.beta_0.5", "n-latent_10.beta_1", "n-latent_10.beta_0.5"])
        self.assertEqual(grid["n-latent_5.beta_0.5"], {"n-latent": 5, "beta": 0.5, "batch-key": "b"})
        self.assertEqual(grid_of({"beta": 1}), {"fit": {"beta": 1}})
        self.assertEqual(list(grid_of({"beta": [1, 2]}, ["beta_1"])), ["beta_2"])
        with self.assertRaisesRegex(Mistake, '"leave-out" has "beta_3", which is no combination of the grid; it has beta_1, beta_2.'):
            grid_of({"beta": [1, 2]}, ["beta_3"])
        with self.assertRaisesRegex(Mistake, "leaves no fit"):
            grid_of({"beta": [1, 2]}, ["beta_1", "beta_2"])

    def test_words(self):
        self.assertEqual(words({"all-genes": True, "csv": False, "subset": "a b=c"}), "--all-genes --subset 'a b=c'")
        self.assertEqual(data_words({"layer": "counts", "beta": 2}), "--layer counts")

    def test_what_failed_and_why(self):
        with tempfile.TemporaryDirectory() as out:

            def left(path, text="{}"):
                file = Path(out, path)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)

            self.assertIn("not begun", failures(out, "all", "fit", ["fit"])["fit"])
            left("logs/estimate/all.log", "scvae: no such column.\n")
            self.assertEqual(failures(out, "all", "fit", ["fit"]), {"fit": "no such column."})
            left("projects/all.json")
            self.assertIn("not begun", failures(out, "all", "fit", ["fit"])["fit"])
            left("logs/fit/all/fit.log", "warning: odd\n")
            self.assertIn("killed for its memory", failures(out, "all", "fit", ["fit"])["fit"])
            left("logs/fit/all/fit.log", "scvae: first.\nscvae: it diverged.\n")
            self.assertEqual(failures(out, "all", "fit", ["fit"]), {"fit": "it diverged."})
            for end in ("_metrics.json", "_evaluate.json", "_design.json", "_outliers.tsv"):
                left(f"fits/all/all_fit{end}")
            left("logs/de/all/fit.log", "scvae: one cluster alone.\n")
            self.assertEqual(failures(out, "all", "fit", ["fit"]), {"de": "one cluster alone."})
            self.assertEqual(failures(out, "all", "fit", ["best.seed_1"]), {})
            left("logs/own.log", "scvae: internal error: x\n")
            self.assertEqual([last_words(Path(out, "logs", name)) for name in ("own.log", "none.log")], ["", ""])

    def test_projects(self):
        rows = [{"sample": "a", "tissue": "x/y"}, {"sample": "b", "tissue": "z"}, {"sample": "c", "tissue": "x/y"}]
        self.assertEqual(projects_of(rows, "tissue"), {"x_y": ["a", "c"], "z": ["b"]})
        self.assertEqual(projects_of(rows), {"all": ["a", "b", "c"]})


if __name__ == "__main__":
    unittest.main()
