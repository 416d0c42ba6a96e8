#!/usr/bin/env bash
# Against Python: anndata writes, scvae reads equal; scvae writes, anndata reads equal; both join files to the same; scanpy chooses
# the same genes; what the commands write about a fitted model of two real sets is what it should be (needs a build).
#
#     SCVAE_INTEROP_PYTHON  the Python (3.11 or later) to make the environment with; python3 when unset
#     SCVAE_DATA            the folder of real files, of which three are joined; ../shared/data when unset
#     SCVAE_INTEROP_VENV    where the environment is kept; in the user's cache when unset
set -euo pipefail
cd "$(dirname "$0")/../.."

python=${SCVAE_INTEROP_PYTHON:-python3}
requirements=test/interop/requirements.txt
key=$({ "$python" --version; cat "$requirements"; } | cksum | cut -d' ' -f1)
venv=${SCVAE_INTEROP_VENV:-${XDG_CACHE_HOME:-$HOME/.cache}/scvae/interop-$key}

if [ ! -x "$venv/bin/python" ] || ! "$venv/bin/python" -c 'import anndata, scanpy, skmisc, zarr' 2>/dev/null; then
  rm -rf "$venv"
  mkdir -p "$(dirname "$venv")"
  "$python" -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$requirements"
fi

files=$(mktemp -d)
trap 'rm -rf "$files"' EXIT
export SCVAE_INTEROP_FILES="$files"

"$venv/bin/python" test/interop/write_files.py "$files/python"
"$venv/bin/python" test/interop/write_joins.py "$files/join" "${SCVAE_DATA:-../shared/data}/real"
status=0
npx vitest run --config test/interop/vitest.config.ts || status=1
"$venv/bin/python" test/interop/check_files.py "$files/scvae" || status=1
"$venv/bin/python" test/interop/check_commands.py "$files/commands" dist/src/cli/main.js "${SCVAE_DATA:-../shared/data}/real" || status=1
SCVAE_SCANPY_PYTHON="$venv/bin/python" npx vitest run test/analysis/scanpy.test.ts || status=1
exit "$status"
