import type { Attribute, Binding } from './node-backend.js'

/** The attributes of every operation that is called, made once. */
export function makeAttributes(binding: Binding) {
  const type = (name: string, value: number): Attribute => ({ name, type: binding.TF_ATTR_TYPE, value })
  const flag = (name: string, value: boolean): Attribute => ({ name, type: binding.TF_ATTR_BOOL, value })
  const { TF_FLOAT, TF_INT32 } = binding
  const float = type('T', TF_FLOAT)
  const product = (a: boolean, b: boolean) => [float, flag('transpose_a', a), flag('transpose_b', b)]
  const sparse = (adjoint: boolean) => [
    float,
    type('Tindices', TF_INT32),
    flag('adjoint_a', adjoint),
    flag('adjoint_b', false),
  ]
  const concat = new Map<number, Attribute[]>()
  const concatOf = (parts: number): Attribute[] => {
    const made = concat.get(parts) ?? [
      float,
      type('Tidx', TF_INT32),
      { name: 'N', type: binding.TF_ATTR_INT, value: parts },
    ]
    concat.set(parts, made)
    return made
  }
  return {
    float: [float],
    products: {
      nn: product(false, false),
      nt: product(false, true),
      tn: product(true, false),
      tt: product(true, true),
    },
    sparse: sparse(false),
    sparseTransposed: sparse(true),
    slice: [float, type('Index', TF_INT32)],
    concat: concatOf,
    transpose: [float, type('Tperm', TF_INT32)],
    reduce: [float, type('Tidx', TF_INT32), flag('keep_dims', true)],
    gather: [type('Tparams', TF_FLOAT), type('Tindices', TF_INT32), type('Taxis', TF_INT32)],
    gatherNd: [type('Tparams', TF_FLOAT), type('Tindices', TF_INT32)],
    segments: [float, type('Tindices', TF_INT32), type('Tnumsegments', TF_INT32)],
    adam: [float, flag('use_locking', false), flag('use_nesterov', false)],
  }
}
