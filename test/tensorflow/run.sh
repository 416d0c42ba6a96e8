#!/usr/bin/env bash
# The TensorFlow device on native TensorFlow: the addons of tfjs-node and tfjs-node-gpu, built on PyPI's tensorflow-cpu.
# Where that cannot be had, the checks are skipped with a word.
#
#     SCVAE_TENSORFLOW_PYTHON  the Python whose pip finds the wheel; python3 when unset
#     SCVAE_TENSORFLOW_FOLDER  where packages and wheel are kept (1.3 GB); in the user's cache when unset
set -euo pipefail
cd "$(dirname "$0")/../.."

python=${SCVAE_TENSORFLOW_PYTHON:-python3}
tensorflow=tensorflow-cpu==2.21.0
version=4.22.0
key=$({ "$python" --version; uname -m; echo "$tensorflow $version"; cat scripts/tfjs-libtensorflow.sh; } | cksum | cut -d' ' -f1)
folder=${SCVAE_TENSORFLOW_FOLDER:-${XDG_CACHE_HOME:-$HOME/.cache}/scvae/tensorflow-$key}

skip() {
  echo "native TensorFlow is skipped: $1"
  exit 0
}

if [ ! -e "$folder/ready" ]; then
  command -v "${CXX:-g++}" >/dev/null || skip 'there is no C++ compiler'
  command -v unzip >/dev/null || skip 'there is no unzip'
  rm -rf "$folder"
  mkdir -p "$folder"
  "$python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: -d "$folder" "$tensorflow" ||
    skip "pip cannot get $tensorflow for $("$python" --version) on $(uname -m)"
  # the dependencies of both, once; each package itself in a folder of its own, so that a test sees the one it means
  npm i --prefix "$folder" --no-audit --no-fund --ignore-scripts "@tensorflow/tfjs-node@$version" "@tensorflow/tfjs-node-gpu@$version" ||
    skip 'npm cannot get @tensorflow/tfjs-node'
  for kind in cpu gpu; do mkdir -p "$folder/$kind/@tensorflow"; done
  mv "$folder/node_modules/@tensorflow/tfjs-node" "$folder/cpu/@tensorflow/"
  mv "$folder/node_modules/@tensorflow/tfjs-node-gpu" "$folder/gpu/@tensorflow/"
  cp -R "$folder/gpu" "$folder/unbuilt"
  export NODE_PATH="$folder/node_modules"
  scripts/tfjs-libtensorflow.sh "$folder"/*.whl "$folder/cpu/@tensorflow/tfjs-node"
  # the other form of its argument; without CUDA, this package has no GPU
  scripts/tfjs-libtensorflow.sh "$folder/cpu/@tensorflow/tfjs-node/deps" "$folder/gpu/@tensorflow/tfjs-node-gpu"
  rm -f "$folder"/*.whl
  touch "$folder/ready"
fi

export SCVAE_TENSORFLOW_PACKAGES="$folder"
export NODE_PATH="$folder/cpu:$folder/node_modules"
npx vitest run --config test/tensorflow/vitest.config.ts
