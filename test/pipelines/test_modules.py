"""The shell of the Nextflow modules, taken out and run with values filled in; Nextflow itself is not run."""

import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import unittest
from pathlib import Path

from workflow import FILES, ROOT, SCVAE, samples

MODULES = ROOT / "pipelines/nextflow/modules/scvae"


def filled(module, block, values):
    """The shell of a block of a module, as Groovy would fill it in."""
    text = (MODULES / module / "main.nf").read_text()
    shell = re.findall(r'"""\n(.*?)"""', text, re.DOTALL)[["script", "stub"].index(block)]
    shell = re.sub(r"\$\{([\w.]+)\}", lambda found: values[found[1]], shell)
    return shell.replace("\\\\\n", "\\\n")


def outputs(module, values):
    text = (MODULES / module / "main.nf").read_text()
    paths = re.findall(r'path\("([^"]+)"\)', text[text.index("output:") :])
    return [re.sub(r"\$\{(\w+)\}", lambda found: values[found[1]], path) for path in paths]


JAVA = shutil.which("java")
# Debian's groovy looks for a default that is not always there
GROOVY_ENV = {**os.environ, "JAVA_HOME": str(Path(JAVA).resolve().parents[1])} if JAVA else {}


def groovy(*words):
    return subprocess.run(["groovy", *words], capture_output=True, text=True, env=GROOVY_ENV)


def evaluated(module, block, **values):
    """The shell of a block, as Groovy makes it; of a module that refuses, what it says."""
    path = FILES / f"{module}_{block}.json"
    path.write_text(json.dumps(values))
    script = Path(__file__).parent / "module.groovy"
    result = groovy(script, MODULES / module / "main.nf", block, path)
    return result.stdout.replace("\\\n", "") if result.returncode == 0 else result.stderr


EMPTY = dict.fromkeys(["batch_col", "n_hidden", "n_layers", "n_latent", "dispersion", "gene_likelihood", "max_epochs"])
TASK = {"ext": {}, "cpus": 3, "accelerator": None}
INPUT = {"meta": {"id": "a"}, "h5ad": "in.h5ad", "task": TASK, **EMPTY, "categorical_covariates": [], "continuous_covariates": []}


@unittest.skipUnless(JAVA and shutil.which("groovy"), "no groovy")
class Groovy(unittest.TestCase):
    def test_options_of_fit(self):
        shell = evaluated("fit", "script", **INPUT)
        wanted = "scvae fit in.h5ad --output a --obsm-key X_emb --parquet --multiqc --overwrite --quiet --device cpu --threads 3"
        self.assertEqual(shlex.split(shell), shlex.split(f"{wanted} mv a_latent.parquet X_a.parquet"))
        more = {"batch_col": "my batch", "categorical_covariates": ["donor", "site"], "continuous_covariates": ["pct mito"], "n_hidden": 16}
        task = {"ext": {"args": "--seed 3", "prefix": "p"}, "cpus": 1, "accelerator": 1}
        words = shlex.split(evaluated("fit", "script", **{**INPUT, **more, "task": task}))
        for option in (
            ["--batch-key", "my batch"],
            ["--categorical-covariate", "donor", "--categorical-covariate", "site"],
            ["--continuous-covariate", "pct mito", "--n-hidden", "16"],
            ["--seed", "3"],
            ["--output", "p"],
            ["--device", "auto"],
        ):
            self.assertIn(" ".join(option), " ".join(words))

    def test_own_input_is_refused(self):
        for module in ("fit", "embed"):
            said = evaluated(module, "script", **{**INPUT, "h5ad": "a.h5ad", "model": "m.model"})
            self.assertIn("Input and output names are the same", said)

    def test_stub_and_tests_are_groovy(self):
        self.assertIn("touch a.h5ad X_a.parquet", evaluated("fit", "stub", **INPUT))
        self.assertIn("touch a.h5ad X_a.parquet", evaluated("embed", "stub", **INPUT))
        tests = [str(path) for path in MODULES.glob("*/tests/main.nf.test")]
        self.assertEqual(len(tests), 2)
        parse = "args.each { new GroovyShell().parse(new File(it)) }"
        result = groovy("-e", parse, *tests)
        self.assertEqual(result.returncode, 0, result.stderr)


class Modules(unittest.TestCase):
    def run_block(self, module, block, values, name=None):
        folder = FILES / f"module_{name or module}_{block}"
        folder.mkdir()
        script = f"scvae() {{ {shlex.join(SCVAE)} \"$@\"; }}\nset -euo pipefail\n{filled(module, block, values)}"
        result = subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True)
        self.assertEqual(result.returncode, 0, script + result.stderr)
        for path in outputs(module, values):
            self.assertTrue((folder / path).exists(), path)
        return folder

    def test_fit_and_embed(self):
        h5ad = str(samples("kang", 30) / "101.h5ad")
        common = {"h5ad": h5ad, "device": "cpu", "task.cpus": "2", "args": "", "prefix": "sample"}
        fitted = self.run_block("fit", "script", {**common, "options": "--max-epochs 1 --n-hidden 16 --n-latent 4"})
        import anndata as ad

        self.assertEqual(ad.read_h5ad(fitted / "sample.h5ad").obsm["X_emb"].shape, (30, 4))
        embedded = self.run_block("embed", "script", {**common, "model": str(fitted / "sample.model")})
        self.assertEqual(ad.read_h5ad(embedded / "sample.h5ad").obsm["X_emb"].shape, (30, 4))

    def test_bits_of_a_named_build(self):
        known = json.loads((MODULES / "fit/tests/named-build.json").read_text())
        settings = "--batch-key batch --n-hidden 16 --n-layers 1 --n-latent 5 --dispersion gene --likelihood nb --max-epochs 2"
        values = {"h5ad": str(ROOT / known["input"]), "device": "cpu", "task.cpus": "2", "prefix": "fitted"}
        folder = self.run_block("fit", "script", {**values, "args": known["args"], "options": settings}, name="named_build")
        made = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
        self.assertEqual([path for path in known["files"] if path not in made], [])
        metrics = json.loads((folder / "fitted_metrics.json").read_text())
        self.assertAlmostEqual(metrics["heldout_elbo"], known["heldout_elbo"], delta=known["tolerance"])
        if metrics["kernels_id"] != known["kernels_id"]:
            self.skipTest(f"the bits are those of build {known['kernels_id']}; here is {metrics['kernels_id']}")
        for path, digest in known["sha256"].items():
            self.assertEqual(hashlib.sha256((folder / path).read_bytes()).hexdigest(), digest, path)

    def test_stubs(self):
        for module in ("fit", "embed"):
            self.run_block(module, "stub", {"prefix": "sample"})


if __name__ == "__main__":
    unittest.main()
