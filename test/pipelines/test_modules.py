"""The shell of the Nextflow modules, taken out and run with values filled in; Nextflow itself is not run."""

import re
import shlex
import subprocess
import unittest

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


class Modules(unittest.TestCase):
    def run_block(self, module, block, values):
        folder = FILES / f"module_{module}_{block}"
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

    def test_stubs(self):
        for module in ("fit", "embed"):
            self.run_block(module, "stub", {"prefix": "sample"})


if __name__ == "__main__":
    unittest.main()
