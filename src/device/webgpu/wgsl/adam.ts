import type { Scope, Words } from '../queue/scope.js'

/** Scalars of an Adam update, with the bias corrections taken on the host in double precision. */
export const ADAM_SCALARS = {
  rate: 'f32',
  root: 'f32',
  beta1: 'f32',
  beta2: 'f32',
  epsilon: 'f32',
  decay: 'f32',
} as const

/** Declares what becomes of the gradient of a parameter's element: a function of its place and the gradient. */
export type Put<P extends string, B extends string> = (scope: Scope<P, B>) => string

/** Adam's update of one element (Kingma & Ba 2015, as PyTorch has it), as in `cpu/kernels/adam.h`. */
export const adamStep: Put<keyof typeof ADAM_SCALARS, 'value' | 'firstMoment' | 'secondMoment'> = ({
  p,
  buffers: { value, firstMoment, secondMoment },
  fn,
}) =>
  fn(
    'put',
    '(at: u32, gradient: f32)',
    /* wgsl */ `
  let w = ${value`at`};
  let g = gradient + ${p.decay} * w;
  let m = ${p.beta1} * ${firstMoment`at`} + (1.0 - ${p.beta1}) * g;
  let v = ${p.beta2} * ${secondMoment`at`} + (1.0 - ${p.beta2}) * (g * g);
  ${firstMoment`at`} = m;
  ${secondMoment`at`} = v;
  ${value`at`} = w - ${p.rate} * m / (sqrt(v) * ${p.root} + ${p.epsilon});`,
  )

/**
 * The same of four rows of four elements: a function of the place of the first, the words from row to row, and their gradients. All is
 * read before anything is written, since a compiler that cannot tell the buffers apart has each read wait for the writes before.
 */
export const adamBlock: Put<keyof typeof ADAM_SCALARS, 'value' | 'firstMoment' | 'secondMoment'> = ({
  p,
  buffers: { value, firstMoment, secondMoment },
  fn,
}) => {
  const rows = [0, 1, 2, 3]
  const at = (row: number, c: number) => `at + ${row}u * stride + ${c}u`
  const quad = (words: Words, row: number) => `vec4f(${rows.map((c) => words`${at(row, c)}`).join(', ')})`
  const store = (words: Words, row: number, from: string) =>
    rows.map((c) => `${words`${at(row, c)}`} = ${from}[${c}];`).join(' ')
  return fn(
    'put_block_at',
    '(at: u32, stride: u32, x0: vec4f, x1: vec4f, x2: vec4f, x3: vec4f)',
    /* wgsl */ `
  ${rows
    .map(
      (r) =>
        `let w${r} = ${quad(value, r)}; let m${r} = ${quad(firstMoment, r)}; let v${r} = ${quad(secondMoment, r)};`,
    )
    .join('\n  ')}
  ${rows
    .map(
      (r) => /* wgsl */ `
  let g${r} = x${r} + ${p.decay} * w${r};
  let m_${r} = ${p.beta1} * m${r} + (1.0 - ${p.beta1}) * g${r};
  let v_${r} = ${p.beta2} * v${r} + (1.0 - ${p.beta2}) * (g${r} * g${r});
  let w_${r} = w${r} - ${p.rate} * m_${r} / (sqrt(v_${r}) * ${p.root} + ${p.epsilon});
  ${store(firstMoment, r, `m_${r}`)}
  ${store(secondMoment, r, `v_${r}`)}
  ${store(value, r, `w_${r}`)}`,
    )
    .join('')}`,
  )
}

/** The gradient is stored instead. */
export const storeGradient: Put<never, 'gradient'> = ({ buffers: { gradient }, fn }) =>
  fn('put', '(at: u32, value: f32)', `${gradient`at`} = value;`)
