import type { Scope } from '../queue/scope.js'

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

/** The gradient is stored instead. */
export const storeGradient: Put<never, 'gradient'> = ({ buffers: { gradient }, fn }) =>
  fn('put', '(at: u32, value: f32)', `${gradient`at`} = value;`)
