"""What the tests of the workflow share."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILES = Path(os.environ["SCVAE_PIPELINES_FILES"])
SCVAE = ["node", str(ROOT / "dist/src/cli/main.js")]
SHORT = {"batch-key": "batch", "max-epochs": 2, "validate-every": 1, "n-hidden": 16, "n-top-genes": 200}


def samples(study, cells=120):
    """The folder of a study's samples; cut when first asked for."""
    folder = FILES / f"cut{cells}"
    if not folder.exists():
        command = [sys.executable, ROOT / "test/pipelines/cut_samples.py", os.environ["SCVAE_PIPELINES_DATA"], folder, str(cells)]
        subprocess.run(command, check=True)
    return folder / study


def configured(name, **settings):
    """A folder with config.json: config of the workflow."""
    folder = FILES / name
    folder.mkdir(exist_ok=True)
    text = {"out": str(folder / "results"), "scvae": shlex.join(SCVAE), "options": SHORT, **settings}
    (folder / "config.json").write_text(json.dumps(text))
    return folder


def command(folder, *more):
    return ["snakemake", "--cores", "2", "--snakefile", ROOT / "pipelines/Snakefile", "--directory", folder,
            "--configfile", folder / "config.json", "--keep-going", "--rerun-incomplete", *more]  # fmt: skip


def snakemake(folder, *more):
    """Runs the workflow to its end; what it said."""
    return subprocess.run(command(folder, *more), capture_output=True, text=True)


def kill_when(folder, happened, how):
    """Starts the workflow and ends it and all its jobs once something has happened."""
    process = subprocess.Popen(command(folder), start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not happened() and process.poll() is None:
        time.sleep(0.02)
    running = process.poll() is None
    if running:
        os.killpg(process.pid, how)
    process.wait()
    if how == signal.SIGKILL:
        snakemake(folder, "--unlock")
    return running
