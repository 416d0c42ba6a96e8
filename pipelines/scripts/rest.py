"""What can be told of a run in which something failed."""

import os
import shutil
import subprocess
from pathlib import Path

from figures import prefix_of
from summary import write_summary
from sweep import write_sweep


def write_rest(out, projects, runs, final, swept):
    """Writes sweeps, summary and MultiQC's page of what is there.

    They are older than the table of samples, so that the next run makes them anew when it comes to them.
    """
    written = [Path(out, "summary.tsv"), Path(out, "summary.html")]
    if len(runs) > 1:
        for project in projects:
            write_sweep(out, project, runs, swept)
            written += [Path(out, "sweeps", f"{project}{end}") for end in (".tsv", ".svg")]
    write_summary(out, projects, runs, final)
    tables = [
        file
        for project in projects
        for run in runs
        for end in ("_scvae_mqc.json", "_mqc_versions.yml", "_evaluate_mqc.json")
        if (file := Path(f"{prefix_of(out, project, run)}{end}")).exists()
    ]
    # with --sdm conda there is none here
    if tables and shutil.which("multiqc"):
        written.append(Path(out, "multiqc.html"))
        with open(Path(out, "logs/multiqc.log"), "w") as log:
            subprocess.run(["multiqc", "--force", "--filename", "multiqc.html", "--outdir", out, *tables], stdout=log, stderr=log, check=False)
    earlier = Path(out, "samples.tsv").stat().st_mtime - 1
    for path in written:
        if path.exists():
            os.utime(path, (earlier, earlier))
