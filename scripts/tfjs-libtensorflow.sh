#!/usr/bin/env bash
# Builds the native addon of @tensorflow/tfjs-node or tfjs-node-gpu against the TensorFlow of a pip wheel (Linux).
#
#     tfjs-libtensorflow.sh WHEEL_OR_SITE_PACKAGES [PACKAGE]
#
#     WHEEL_OR_SITE_PACKAGES  a .whl file of tensorflow or tensorflow-cpu, or the folder where pip has put "tensorflow"
#     PACKAGE                 the folder of the npm package; by default the one in node_modules of the working folder,
#                             tfjs-node-gpu before tfjs-node
#     CXX                     the C++ compiler; g++ when unset
#
# The package needs no install step of its own: npm i --ignore-scripts @tensorflow/tfjs-node
set -euo pipefail

fail() {
  echo "tfjs-libtensorflow.sh: $1" >&2
  exit 1
}

[ $# -ge 1 ] && [ $# -le 2 ] || { sed -n '2,12s/^# \{0,1\}//p' "$0" >&2; exit 2; }
[ "$(uname -s)" = Linux ] || fail 'this runs on Linux only; elsewhere use the libtensorflow that the package downloads.'
source=$1

package=${2:-}
for name in tfjs-node-gpu tfjs-node; do
  [ -n "$package" ] || [ ! -e "node_modules/@tensorflow/$name/package.json" ] || package=node_modules/@tensorflow/$name
done
[ -n "$package" ] || fail 'there is no @tensorflow/tfjs-node-gpu or tfjs-node in ./node_modules: npm i --ignore-scripts @tensorflow/tfjs-node'
[ -e "$package/binding/tfjs_binding.cc" ] || fail "\"$package\" is not the folder of @tensorflow/tfjs-node or tfjs-node-gpu."
package=$(cd "$package" && pwd -P)

if [ -f "$source" ]; then
  # only what the addon needs: of 2 GB, the two libraries and the C headers
  rm -rf "$package/deps"
  mkdir -p "$package/deps"
  parts=(tensorflow/libtensorflow_cc.so.2 tensorflow/libtensorflow_framework.so.2
    'tensorflow/include/tensorflow/c/*' 'tensorflow/include/tsl/*' 'tensorflow/include/xla/*' 'tensorflow/include/tensorflow/core/platform/*')
  unzip -q -o "$source" "${parts[@]}" -d "$package/deps" || [ -e "$package/deps/tensorflow/include" ] ||
    fail "\"$source\" is not a wheel of TensorFlow."
  folder=$package/deps/tensorflow
else
  folder=$source/tensorflow
  [ -d "$folder" ] || fail "there is no folder \"tensorflow\" in \"$source\"."
  folder=$(cd "$folder" && pwd -P)
fi
for library in libtensorflow_cc.so.2 libtensorflow_framework.so.2; do
  [ -e "$folder/$library" ] || fail "there is no $library in \"$folder\": the wheels of TensorFlow 2.21 for Linux have it."
done

# node_api.h comes with scvae
here=$(cd "$(dirname "$(readlink -f "$0")")" && pwd -P)
headers=$(cd "$here" && node -p 'require("node-api-headers").include_dir') || fail 'node-api-headers is missing: npm i node-api-headers'

# The libraries are named by their own folder, not linked into the package's: a CUDA build looks for CUDA beside itself.
addon=$package/lib/napi-v8/tfjs_binding.node
mkdir -p "${addon%/*}"
cd "$package"
"${CXX:-g++}" -O2 -std=c++17 -shared -fPIC -DNAPI_VERSION=8 -I"$folder/include" -I.. -I"$headers" \
  binding/tfjs_backend.cc binding/tfjs_binding.cc \
  -L"$folder" -l:libtensorflow_cc.so.2 -l:libtensorflow_framework.so.2 \
  -Wl,-rpath,"$folder" -Wl,--disable-new-dtags -o "$addon" || fail 'the addon could not be compiled (see above).'

node -e '
  const util = require("node:util")
  util.isNullOrUndefined ??= (value) => value == null
  util.isArray ??= Array.isArray
  process.env.TF_CPP_MIN_LOG_LEVEL ??= "2"
  process.env.TF_ENABLE_ONEDNN_OPTS ??= "0"
  const tf = require(process.argv[1])
  const { binding, isUsingGpuDevice } = tf.backend()
  console.log(`${process.argv[1]} runs on TensorFlow ${binding.TF_Version}, ${isUsingGpuDevice ? "GPU" : "CPU"}`)
' "$package" || fail 'the addon was built, but does not load (see above).'
