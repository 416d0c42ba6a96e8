import { kernelSource } from '../queue/kernel-source.js'
import { workgroupSum } from './workgroup.js'

const ROW_THREADS = 64

/** Layer normalisation: a workgroup owns a cell (epsilon 1e-5). */
export const layerNorm = kernelSource({
  name: 'layer norm',
  threads: ROW_THREADS,
  scalars: { width: 'u32' },
  buffers: { input: 'read f32', output: 'read_write f32', saved: 'read_write f32' },
  code: ({ p, buffers: { input, output, saved }, use }) => {
    const sum = use(workgroupSum(ROW_THREADS))
    return /* wgsl */ `
  let row = group.x * ${p.width};
  var part = 0.0;
  for (var j = t; j < ${p.width}; j += ${ROW_THREADS}u) { part += ${input`row + j`}; }
  let mean = ${sum}(t, part) / f32(${p.width});
  part = 0.0;
  for (var j = t; j < ${p.width}; j += ${ROW_THREADS}u) {
    let d = ${input`row + j`} - mean;
    part += d * d;
  }
  let inverse = 1.0 / sqrt(${sum}(t, part) / f32(${p.width}) + 1e-5);
  if (t == 0u) { ${saved`group.x`} = inverse; }
  for (var j = t; j < ${p.width}; j += ${ROW_THREADS}u) { ${output`row + j`} = (${input`row + j`} - mean) * inverse; }`
  },
})

export const layerNormGradient = kernelSource({
  name: 'layer norm gradient',
  threads: ROW_THREADS,
  scalars: { width: 'u32' },
  buffers: {
    output: 'read f32',
    saved: 'read f32',
    outputGradient: 'read f32',
    inputGradient: 'read_write f32',
  },
  code: ({ p, buffers: { output, saved, outputGradient, inputGradient }, use }) => {
    const sum = use(workgroupSum(ROW_THREADS))
    return /* wgsl */ `
  let row = group.x * ${p.width};
  var partG = 0.0;
  var partGy = 0.0;
  for (var j = t; j < ${p.width}; j += ${ROW_THREADS}u) {
    partG += ${outputGradient`row + j`};
    partGy += ${outputGradient`row + j`} * ${output`row + j`};
  }
  let meanG = ${sum}(t, partG) / f32(${p.width});
  let meanGy = ${sum}(t, partGy) / f32(${p.width});
  let inverse = ${saved`group.x`};
  for (var j = t; j < ${p.width}; j += ${ROW_THREADS}u) {
    ${inputGradient`row + j`} = inverse * (${outputGradient`row + j`} - meanG - ${output`row + j`} * meanGy);
  }`
  },
})
