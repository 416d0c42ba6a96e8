import { ScvaeError } from '../../errors.js'
import { modelConfig } from '../../network/config.js'
import { DEFAULT_TRAINING, trainOptions } from '../../train/options.js'
import { type Arguments, type Command, verbosityOf } from '../arguments.js'
import { DEVICE_WORDS, deviceName } from '../device-name.js'
import { DATA_OPTIONS } from '../fit/fit-options.js'
import { dataSettings } from '../fit/fit-settings.js'
import { flag, grouped, number, text } from '../option-specs.js'
import { GRID_OPTIONS, givenCandidates } from '../tune/grid-options.js'

/** `scvae tune FILE -o PREFIX`: which settings a fit should have. */
export const tune: Command = {
  usage: 'tune [files..]',
  describe: 'Try settings of a fit by successive halving, and print the command for the best',
  positionals: { files: 'Raw counts, as fit takes them; several are joined' },
  options: {
    ...DATA_OPTIONS,
    ...GRID_OPTIONS,
    ...grouped('Training:', {
      'max-epochs': {
        ...text('Epochs of a whole fit, of which the rungs have a part; auto as in fit'),
        default: DEFAULT_TRAINING.maxEpochs,
      },
      'batch-size': { ...text('Cells of a minibatch, as in fit'), default: DEFAULT_TRAINING.batchSize },
      'train-size': {
        ...number('Share of cells trained on; the rest judges'),
        default: DEFAULT_TRAINING.trainSize,
      },
      seed: { ...number('Seed of everything random'), default: DEFAULT_TRAINING.seed },
    }),
    ...grouped('Machine:', {
      device: { ...text(DEVICE_WORDS), default: 'auto' },
      threads: { ...number('CPU threads'), defaultDescription: 'all cores' },
    }),
    ...grouped('Output:', {
      output: {
        ...text('Prefix: writes PREFIX_tune.json, .csv and .html'),
        alias: 'o',
        demandOption: true,
      },
      overwrite: flag('Replace the files if they exist'),
    }),
  },
  examples: [
    ['$0 tune pbmc.h5ad --batch-key donor -o pbmc', '16 candidates that differ in seven settings'],
    ['$0 tune pbmc.h5ad --n-latent 10,20,30 --likelihood nb,zinb -o pbmc', 'these six'],
  ],
  async run(args: Arguments): Promise<void> {
    const data = dataSettings(args)
    const train = trainOptions({
      maxEpochs: args.numberOr('max-epochs', ['auto'])!,
      batchSize: args.numberOr('batch-size', ['auto'])!,
      trainSize: args.number('train-size')!,
      seed: args.number('seed')!,
    })
    if (train.trainSize === 1)
      throw new ScvaeError('usage', 'tune judges by held-out cells, and --train-size 1 leaves none.')
    const settings = {
      ...{ data, train },
      model: modelConfig({ library: data.sizeFactorKey === undefined ? 'observed' : 'size-factor' }),
      candidates: givenCandidates(args),
      fitWords: fitWords(args),
      prefix: args.text('output')!,
      overwrite: args.flag('overwrite'),
      device: deviceName(args),
      threads: args.whole('threads', 1),
      verbosity: verbosityOf(args),
    }
    // the model and its kernels load only once the options are known to be right
    const { runTune } = await import('../tune/run-tune.js')
    await runTune(settings)
  },
}

/** What was given of data and training, as `fit` takes it. */
function fitWords(args: Arguments): string[] {
  const ofData = Object.entries(DATA_OPTIONS).flatMap(([name, spec]) => {
    if (spec.type === 'boolean') return args.flag(name) ? [`--${name}`] : []
    return args.texts(name).flatMap((value) => [`--${name}`, value])
  })
  const usual = {
    'max-epochs': 'maxEpochs',
    'batch-size': 'batchSize',
    'train-size': 'trainSize',
    seed: 'seed',
  } as const
  const ofTraining = Object.entries(usual).flatMap(([name, key]) => {
    const [value] = args.texts(name)
    return value === undefined || value === String(DEFAULT_TRAINING[key]) ? [] : [`--${name}`, value]
  })
  return [...args.texts('files'), ...ofData, ...ofTraining]
}
