"""A prefix that another run holds: an attempt says so and fails, and a later one goes on when the other has died."""

import signal
import subprocess
import time
import unittest

from workflow import SCVAE, SHORT, command, configured, samples, snakemake


def text_of(path):
    """The text of a log, which each attempt takes away and writes anew."""
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""


class Lock(unittest.TestCase):
    def test_retries_take_over_the_lock_of_a_run_that_died(self):
        folder = configured("locked", sheet=str(samples("mixology", 30) / "samples.csv"))
        out = folder / "results"
        sheet = out / "projects/all.csv"
        self.assertEqual(snakemake(folder, sheet).returncode, 0)
        prefix = out / "fits/all/all_fit"
        words = [word for name, value in {**SHORT, "max-epochs": 100000}.items() for word in (f"--{name}", str(value))]
        other = subprocess.Popen([*SCVAE, "fit", "--sheet", sheet, *words, "--no-early-stopping", "-q", "-o", prefix], stdout=subprocess.DEVNULL)
        self.addCleanup(other.kill)
        lock, log = out / "fits/all/all_fit.lock", out / "logs/fit/all/fit.log"
        while not lock.exists():
            self.assertIsNone(other.poll())
            time.sleep(0.02)
        latent = str(prefix) + "_latent.arrow"
        process = subprocess.Popen(command(folder, "--retries", "5", latent), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        while "Another run writes to" not in text_of(log):
            self.assertIsNone(process.poll())
            time.sleep(0.02)
        other.send_signal(signal.SIGKILL)
        other.wait()
        said = process.communicate()[1]
        self.assertEqual(process.returncode, 0, said[-3000:])
        self.assertIn("Trying to restart", said)
        self.assertFalse(lock.exists())


if __name__ == "__main__":
    unittest.main()
