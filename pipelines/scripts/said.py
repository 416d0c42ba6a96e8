"""What `scvae` said in a log."""

from pathlib import Path


def last_words(log):
    """The last sentence of `scvae` in a log; empty where there is none, or one that tells of a fault of its own alone."""
    if not Path(log).exists():
        return ""
    said = [line.strip() for line in Path(log).read_text(errors="replace").splitlines() if line.startswith("scvae:")]
    if not said or said[-1].startswith("scvae: internal error"):
        return ""
    return said[-1].removeprefix("scvae: ")
