"""Prints what `scvae` said of a file that it could not take, as JSON: python3 note_failure.py PATH LOG"""

import json
import sys

from said import last_words

path, log = sys.argv[1:]
said = last_words(log)
# what says nothing of the file, such as a program that is not there, is no failure of the sample
if not said:
    sys.exit(f"scvae failed without a word of {path}; its log is {log}")
print(json.dumps({"path": path, "failed": said}, indent=2))
