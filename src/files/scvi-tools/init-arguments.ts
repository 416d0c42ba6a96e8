import type { Entry } from './entries.js'
import { PickleDict, PickleProblem, type PickleValue } from './pickle-values.js'

/** The arguments of `SCVI.__init__` that scvae has too, with scvi-tools' defaults. */
const DEFAULTS = {
  n_hidden: 128,
  n_latent: 10,
  n_layers: 1,
  dropout_rate: 0.1,
  dispersion: 'gene',
  gene_likelihood: 'zinb',
  use_observed_lib_size: true,
  encode_covariates: false,
  deeply_inject_covariates: true,
  use_batch_norm: 'both',
  use_layer_norm: 'none',
}

/** Arguments that scvae can take at one value alone. */
const FIXED: Record<string, PickleValue> = {
  latent_distribution: 'normal',
  log_variational: true,
  batch_representation: 'one-hot',
  var_activation: null,
  extra_encoder_kwargs: null,
  extra_decoder_kwargs: null,
}

/** Arguments that change no number. */
const IGNORED = ['extra_payload_autotune', 'batch_embedding_kwargs', 'use_cuda', 'use_gpu']

export type InitArguments = typeof DEFAULTS

/**
 * The arguments that a model was made with.
 *
 * @param saved `init_params_`: arguments by name, and dicts of further ones
 * @throws PickleProblem for an argument, or a value of one, that scvae does not have
 */
export function initArguments(saved: Entry): InitArguments {
  const init = { ...DEFAULTS }
  for (const [name, value] of flat(saved)) {
    if (IGNORED.includes(name)) continue
    if (Object.hasOwn(FIXED, name)) {
      const isEmpty = value instanceof PickleDict && value.size === 0
      if (value !== FIXED[name] && !isEmpty) throw unknown(name, value)
    } else if (Object.hasOwn(DEFAULTS, name)) {
      if (typeof value !== typeof DEFAULTS[name as keyof InitArguments]) throw unknown(name, value)
      Object.assign(init, { [name]: value })
    } else {
      throw unknown(name, value)
    }
  }
  if (!['gene', 'gene-batch'].includes(init.dispersion)) throw unknown('dispersion', init.dispersion)
  if (!['nb', 'zinb', 'poisson'].includes(init.gene_likelihood)) {
    throw unknown('gene_likelihood', init.gene_likelihood)
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
