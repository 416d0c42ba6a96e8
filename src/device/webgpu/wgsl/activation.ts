import { kernelSource } from '../queue/kernel-source.js'
import { sharedCode } from '../queue/scope.js'
import { PHILOX } from './philox.js'

/** Scalars of a draw of noise. */
export const NOISE_SCALARS = { seed: 'u32', purpose: 'u32', step: 'u32' } as const

/** ReLU, then dropout: the words of a Philox block decide on four neighbouring columns of a row. */
export const RELU_DROPOUT = sharedCode(
  'relu_dropout',
  /* wgsl */ `
// as the CPU device: NaN goes through
fn relu(x: f32) -> f32 { return select(x, 0.0, x < 0.0); }
fn kept(words: vec4u, column: u32, dropout: f32) -> f32 {
  return select(1.0 / (1.0 - dropout), 0.0, unit(words[column % 4u]) < dropout);
}
`,
  PHILOX,
)

export const reluDropout = kernelSource({
  name: 'relu and dropout',
  threads: 256,
  scalars: { cells: 'u32', width: 'u32', dropout: 'f32', ...NOISE_SCALARS },
  buffers: { input: 'read f32', output: 'read_write f32' },
  code: ({ p, buffers: { input, output }, use }) => {
    use(RELU_DROPOUT)
    return /* wgsl */ `
  let blocks = (${p.width} + 3u) / 4u;
  for (var k = group.x * 256u + t; k < ${p.cells} * blocks; k += groups.x * 256u) {
    let row = k / blocks;
    let first = 4u * (k % blocks);
    var words = vec4u();
    if (${p.dropout} > 0.0) { words = philox(${p.seed}, ${p.purpose}, first / 4u, row, ${p.step}); }
    for (var j = first; j < min(first + 4u, ${p.width}); j++) {
      var x = relu(${input`row * ${p.width} + j`});
      if (${p.dropout} > 0.0) { x *= kept(words, j, ${p.dropout}); }
      ${output`row * ${p.width} + j`} = x;
    }
  }`
  },
})

/** What came out positive passed. */
export const reluDropoutGradient = kernelSource({
  name: 'relu and dropout gradient',
  threads: 256,
  scalars: { size: 'u32', dropout: 'f32' },
  buffers: { output: 'read f32', outputGradient: 'read f32', inputGradient: 'read_write f32' },
  code: ({ p, buffers: { output, outputGradient, inputGradient } }) => /* wgsl */ `
  let scale = 1.0 / (1.0 - ${p.dropout});
  for (var i = group.x * 256u + t; i < ${p.size}; i += groups.x * 256u) {
    if (${output`i`} > 0.0) { ${inputGradient`i`} = scale * ${outputGradient`i`}; } else { ${inputGradient`i`} = 0.0; }
  }`,
})
