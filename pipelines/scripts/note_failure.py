"""Prints what `scvae inspect` said of a file that it could not read, as JSON: python3 note_failure.py PATH LOG"""

import json
import sys

path, log = sys.argv[1:]
with open(log) as file:
    said = [line.strip() for line in file if line.startswith("scvae:")]
# what says nothing of the file, such as a program that is not there, is no failure of the sample
if not said or said[-1].startswith("scvae: internal error"):
    sys.exit(f"inspect of {path} failed without a word of the file; its log is {log}")
print(json.dumps({"path": path, "failed": said[-1].removeprefix("scvae: ")}, indent=2))
