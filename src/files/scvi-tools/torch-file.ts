import { readFileSync } from 'node:fs'
import { ScvaeError } from '../../errors.js'
import { readPickle } from './pickle-reader.js'
import { PickleGlobal, PickleProblem, type PickleValue } from './pickle-values.js'
import { STORAGE_SIZES, TorchStorage } from './torch-values.js'
import { StoredZip } from './zip-reader.js'

const PICKLE = 'data.pkl'

/**
 * Reads a file of `torch.save` as data: a zip of one pickle and an entry for each storage. Nothing in it is ever run.
 *
 * @throws ScvaeError (bad-input) for a file that is missing, damaged, of PyTorch's format before 1.6, or names Python
 * objects that no model needs
 */
export function readTorchFile(path: string): PickleValue {
  let bytes: Uint8Array
  try {
    bytes = readFileSync(path)
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    throw new ScvaeError('bad-input', `The file "${path}" cannot be read (${code}).`, { cause })
  }
  const zip = new StoredZip(bytes, path)
  const pickleName = zip.names.find((name) => name.endsWith(`/${PICKLE}`))
  const pickle = pickleName === undefined ? undefined : zip.read(pickleName)
  if (pickleName === undefined || !pickle) {
    throw new ScvaeError('bad-input', `"${path}" is a zip file, but none that PyTorch wrote.`)
  }
  const folder = pickleName.slice(0, -PICKLE.length)
  const order = zip.read(`${folder}byteorder`)
  if (order && new TextDecoder().decode(order) !== 'little') {
    throw new ScvaeError('bad-input', `"${path}" was written by a big-endian machine, which cannot be read.`)
  }
  const storages = new Map<string, TorchStorage>()
  return readPickle(pickle, {
    path,
    persistent: (id) => {
      const [what, kind, key, , length] = Array.isArray(id) ? id : []
      if (what !== 'storage' || !(kind instanceof PickleGlobal) || typeof key !== 'string') {
        throw new PickleProblem('it refers to data outside itself that is no storage')
      }
      const name = kind.name.replace(/^torch\./, '')
      if (!Object.hasOwn(STORAGE_SIZES, name) || !Number.isSafeInteger(length) || (length as number) < 0) {
        throw new PickleProblem('it refers to a storage without a proper type and length')
      }
      const known = storages.get(key)
      if (known) return known
      const storage = new TorchStorage(name, length as number, () => {
        const entry = zip.read(`${folder}data/${key}`)
        if (!entry) throw new PickleProblem(`the storage "${key}" is missing`)
        return entry
      })
      storages.set(key, storage)
      return storage
    },
  })
}
