#!/usr/bin/env bash
# The Snakemake workflow from sheets to summary, pages and MultiQC on real samples; its mistakes, its sweep, its way back.
#
#     SCVAE_PIPELINES_PYTHON  the Python (3.11 or later) to make the environment with; python3 when unset
#     SCVAE_DATA              the folder of real files that samples are cut from; ../shared/data when unset
#     SCVAE_PIPELINES_VENV    where the environment is kept; in the user's cache when unset
set -euo pipefail
cd "$(dirname "$0")/../.."

python=${SCVAE_PIPELINES_PYTHON:-python3}
requirements=test/pipelines/requirements.txt
if ! "$python" -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  echo 'no Python 3.11 or later: the pipelines are not tested'
  exit 0
fi
key=$({ "$python" --version; cat "$requirements"; } | cksum | cut -d' ' -f1)
venv=${SCVAE_PIPELINES_VENV:-${XDG_CACHE_HOME:-$HOME/.cache}/scvae/pipelines-$key}

if [ ! -x "$venv/bin/snakemake" ] || ! "$venv/bin/python" -c 'import anndata, snakemake, multiqc' 2>/dev/null; then
  rm -rf "$venv"
  mkdir -p "$(dirname "$venv")"
  "$python" -m venv "$venv"
  if ! "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$requirements"; then
    rm -rf "$venv"
    echo 'Snakemake does not install from PyPI: the pipelines are not tested'
    exit 0
  fi
fi

files=$(mktemp -d)
trap 'rm -rf "$files"' EXIT
data="${SCVAE_DATA:-../shared/data}/real"
if [ ! -d "$data" ]; then
  echo 'no real files: the pipelines are not tested'
  exit 0
fi
PATH="$venv/bin:$PATH" SCVAE_PIPELINES_FILES="$files" SCVAE_PIPELINES_DATA="$data" \
  "$venv/bin/python" -m unittest discover --start-directory test/pipelines --pattern 'test_*.py' --verbose --failfast
