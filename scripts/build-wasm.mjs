// Builds the WebAssembly kernels and HDF5 filters with the clang that npm brings: no compiler on the machine is needed.
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const sources = join(root, 'src/device/cpu/kernels')
// plain SIMD runs everywhere; relaxed SIMD has fused multiply-add, from Node 22 on
const BUILDS = { 'kernels.wasm': [], 'kernels-relaxed.wasm': ['-mrelaxed-simd'] }

const files = readdirSync(sources).filter((file) => /\.[ch]$/.test(file))
const newest = Math.max(
  ...files.map((file) => statSync(join(sources, file)).mtimeMs),
  statSync(fileURLToPath(import.meta.url)).mtimeMs,
)
for (const [name, flags] of Object.entries(BUILDS)) {
  const target = join(root, 'dist/kernels', name)
  if (existsSync(target) && statSync(target).mtimeMs >= newest) continue
  const { runClang } = await import('@yowasp/clang')
  const tree = Object.fromEntries(files.map((file) => [file, readFileSync(join(sources, file), 'utf8')]))
  const output = await runClang(
    [
      'clang',
      '--target=wasm32',
      '-O3',
      '-msimd128',
      ...flags,
      '-matomics',
      '-mbulk-memory',
      '-ffp-contract=fast',
      '-fno-math-errno',
      '-nostdlib',
      '-Wall',
      '-Wno-unused-function',
      '-Wl,--no-entry,--import-memory,--shared-memory,--max-memory=4294967296',
      '-Wl,--export=__stack_pointer',
      'wasm.c',
      '-o',
      'kernels.wasm',
    ],
    tree,
  )
  mkdirSync(dirname(target), { recursive: true })
  writeFileSync(target, output['kernels.wasm'])
}

// HDF5's filter plug-ins are side modules of h5wasm, which emscripten loads
const filter = join(root, 'src/anndata/filters/lzf.c')
const plugin = join(root, 'dist/filters/libH5Zlzf.so')
const script = statSync(fileURLToPath(import.meta.url)).mtimeMs
if (!existsSync(plugin) || statSync(plugin).mtimeMs < Math.max(statSync(filter).mtimeMs, script)) {
  const { runClang } = await import('@yowasp/clang')
  const output = await runClang(
    [
      'clang',
      '--target=wasm32-unknown-emscripten',
      '-O2',
      '-fPIC',
      '-shared',
      '-nostdlib',
      '-ffreestanding',
      '-fno-builtin',
      '-Wall',
      '-Wl,--experimental-pic,--no-entry,--unresolved-symbols=import-dynamic',
      '-Wl,--export=H5PLget_plugin_type,--export=H5PLget_plugin_info',
      'lzf.c',
      '-o',
      'lzf.so',
    ],
    { 'lzf.c': readFileSync(filter, 'utf8') },
  )
  mkdirSync(dirname(plugin), { recursive: true })
  writeFileSync(plugin, output['lzf.so'])
}
