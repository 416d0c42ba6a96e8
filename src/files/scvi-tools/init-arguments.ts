import type { Entry } from './entries.js'
import type { ScviClass } from './model-class.js'
import { PickleDict, PickleProblem, type PickleValue } from './pickle-values.js'

const SHARED = {
  n_hidden: 128,
  n_latent: 10,
  n_layers: 1,
  dropout_rate: 0.1,
  dispersion: 'gene',
  latent_distribution: 'normal',
}

/** The arguments of each class's `__init__` that scvae has too, with scvi-tools' defaults. */
const DEFAULTS = {
  SCVI: {
    ...SHARED,
    gene_likelihood: 'zinb',
    use_observed_lib_size: true,
    encode_covariates: false,
    deeply_inject_covariates: true,
    use_batch_norm: 'both',
    use_layer_norm: 'none',
  },
  LinearSCVI: {
    ...SHARED,
    gene_likelihood: 'nb',
    use_observed_lib_size: false,
    // of the decoder; the encoder always has one
    use_batch_norm: true,
    bias: false,
  },
}

/** Values that scvae has, of arguments that are a choice. */
const CHOICES = {
  dispersion: ['gene', 'gene-batch'],
  gene_likelihood: ['nb', 'zinb', 'poisson'],
  latent_distribution: ['normal', 'ln'],
}

/** Arguments that scvae can take at one value alone. */
const FIXED: Record<string, PickleValue> = {
  log_variational: true,
  batch_representation: 'one-hot',
  var_activation: null,
  extra_encoder_kwargs: null,
  extra_decoder_kwargs: null,
}

const WITHOUT_EFFECT = ['extra_payload_autotune', 'batch_embedding_kwargs', 'use_cuda', 'use_gpu']

/** Arguments that change no number. `LinearSCVI` makes its encoder and decoder anew, without the last three. */
const IGNORED: Record<ScviClass, readonly string[]> = {
  SCVI: WITHOUT_EFFECT,
  LinearSCVI: [...WITHOUT_EFFECT, 'encode_covariates', 'deeply_inject_covariates', 'use_layer_norm'],
}

export type InitArguments<C extends ScviClass> = (typeof DEFAULTS)[C]

/**
 * The arguments that a model was made with.
 *
 * @param saved `init_params_`: arguments by name, and dicts of further ones
 * @throws PickleProblem for an argument, or a value of one, that scvae does not have
 */
export function initArguments<C extends ScviClass>(saved: Entry, className: C): InitArguments<C> {
  const init: InitArguments<C> = { ...DEFAULTS[className] }
  const defaults: Record<string, unknown> = DEFAULTS[className]
  for (const [name, value] of flat(saved)) {
    if (IGNORED[className].includes(name)) continue
    if (Object.hasOwn(FIXED, name)) {
      const isEmpty = value instanceof PickleDict && value.size === 0
      if (value !== FIXED[name] && !isEmpty) throw unknown(name, value)
    } else if (Object.hasOwn(defaults, name)) {
      if (typeof value !== typeof defaults[name]) throw unknown(name, value)
      Object.assign(init, { [name]: value })
    } else {
      throw unknown(name, value)
    }
  }
  for (const name of Object.keys(CHOICES) as (keyof typeof CHOICES)[]) {
    if (!CHOICES[name].includes(init[name])) throw unknown(name, init[name])
  }
  return init
}

/** `{ non_kwargs, kwargs: { name: dict } }`, or in older files all in one dict. */
function flat(saved: Entry): [string, PickleValue][] {
  const all = saved.dict()
  const isNew = all.has('non_kwargs')
  const plain = isNew ? saved.get('non_kwargs').dict() : all
  const nested = isNew ? saved.get('kwargs').dictIfThere() : all
  const further = [...nested.values()].filter((value) => value instanceof PickleDict)
  return [
    ...[...plain].filter(([, value]) => isNew || !(value instanceof PickleDict)),
    ...further.flatMap((dict) => [...dict]),
  ].map(([name, value]) => [String(name), value])
}

function unknown(name: string, value: PickleValue): PickleProblem {
  const text = typeof value === 'object' ? 'a value of its own' : JSON.stringify(String(value))
  return new PickleProblem(`it was made with ${name} = ${text}, which scvae does not have`)
}
