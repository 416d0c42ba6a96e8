"""Prints what `scvae` said of a file that it could not take, as JSON: python3 note_failure.py PATH LOG"""

import json
import sys

path, log = sys.argv[1:]
with open(log) as file:
    said = [line.strip() for line in file if line.startswith("scvae:")]
# what says nothing of the file, such as a program that is not there, is no failure of the sample
if not said or said[-1].startswith("scvae: internal error"):
    sys.exit(f"scvae failed without a word of {path}; its log is {log}")
print(json.dumps({"path": path, "failed": said[-1].removeprefix("scvae: ")}, indent=2))
