import { NumpyArray, NumpyType } from './numpy-values.js'
import {
  type ByteBudget,
  OpaqueObject,
  PickleDict,
  PickleGlobal,
  PickleProblem,
  type PickleValue,
} from './pickle-values.js'
import { STORAGE_SIZES, TorchTensor } from './torch-values.js'

type Make = (args: PickleValue[], budget: ByteBudget) => PickleValue

/** Objects of a saved model that no reader needs: the loss history (data frames) and what they are made of. */
const OPAQUE = [
  'builtins.slice',
  'builtins.object',
  'builtins.bytearray',
  'pandas.DataFrame',
  'pandas.Index',
  'pandas.RangeIndex',
  'pandas.StringDtype',
  'pandas.arrays.StringArray',
  'pandas.arrays.ArrowStringArray',
  'pandas.core.frame.DataFrame',
  'pandas.core.series.Series',
  'pandas.core.indexes.base.Index',
  'pandas.core.indexes.base._new_Index',
  'pandas.core.indexes.range.RangeIndex',
  'pandas.core.indexes.numeric.Int64Index',
  'pandas.core.internals.managers.BlockManager',
  'pandas.core.internals.managers.SingleBlockManager',
  'pandas.core.internals.blocks.new_block',
  'pandas.core.arrays.string_.StringDtype',
  'pandas.core.arrays.string_.StringArray',
  'pandas._libs.arrays.__pyx_unpickle_NDArrayBacked',
  'pandas._libs.internals._unpickle_block',
  'pyarrow.lib._restore_array',
  'pyarrow.lib.py_buffer',
  'pyarrow.lib.type_for_alias',
]

/** A dict from nothing, or from a list of pairs. */
const dict: Make = ([pairs], budget) => {
  if (pairs instanceof PickleDict) budget.spend(pairs.size)
  if (Array.isArray(pairs)) budget.spend(pairs.length)
  const made = new PickleDict(pairs instanceof PickleDict ? pairs : undefined)
  if (Array.isArray(pairs)) {
    for (const pair of pairs) {
      if (!Array.isArray(pair) || pair.length !== 2)
        throw new PickleProblem('it has a dict of things that are no pairs')
      made.set(pair[0]!, pair[1]!)
    }
  }
  return made
}

/** Bytes that a pickle of Python 2's form holds as text. */
const encode: Make = ([text, encoding], budget) => {
  if (typeof text !== 'string' || encoding !== 'latin1')
    throw new PickleProblem('it has bytes in an odd encoding')
  budget.spend(text.length)
  return Uint8Array.from(text, (letter) => {
    const byte = letter.codePointAt(0)!
    if (byte > 255) throw new PickleProblem('it has bytes above 255')
    return byte
  })
}

const numpyType: Make = ([code]) => {
  if (typeof code !== 'string') throw new PickleProblem('it has a numpy type without a name')
  return new NumpyType(code)
}

const numpyScalar: Make = ([type, bytes]) => {
  if (!(type instanceof NumpyType && bytes instanceof Uint8Array) || bytes.length !== type.itemSize) {
    throw new PickleProblem('it has a numpy number that is none')
  }
  return type.decode(bytes)[0]!
}

const list: Make = ([items]) => (Array.isArray(items) ? items : [])
const number: Make = ([value]) => (typeof value === 'number' ? value : 0)

const tensor: Make = ([storage, offset, shape, strides]) =>
  new TorchTensor(storage ?? null, offset ?? null, shape ?? null, strides ?? null)

/** A class that is named only to say what something is. */
const mark: Make = () => {
  throw new PickleProblem('it calls a name that only says what something is')
}

const MAKERS: Record<string, Make> = {
  'collections.OrderedDict': dict,
  'collections.defaultdict': () => new PickleDict(),
  'builtins.dict': dict,
  'builtins.list': list,
  'builtins.tuple': list,
  'builtins.set': list,
  'builtins.frozenset': list,
  'builtins.int': number,
  'builtins.float': number,
  'builtins.bool': ([value]) => value === true,
  'builtins.str': ([value]) => (typeof value === 'string' ? value : ''),
  'builtins.bytes': ([value]) => (value instanceof Uint8Array ? value : new Uint8Array()),
  '_codecs.encode': encode,
  'numpy.dtype': numpyType,
  'numpy.ndarray': mark,
  'torch._utils._rebuild_tensor_v2': tensor,
}
for (const core of ['numpy.core', 'numpy._core']) {
  MAKERS[`${core}.multiarray._reconstruct`] = () => new NumpyArray()
  MAKERS[`${core}.multiarray.scalar`] = numpyScalar
}
for (const kind of Object.keys(STORAGE_SIZES)) MAKERS[`torch.${kind}`] = mark
for (const name of OPAQUE) MAKERS[name] = () => new OpaqueObject(name)

const GLOBALS = new Map(Object.entries(MAKERS).map(([name, make]) => [name, new PickleGlobal(name, make)]))

/** What stands for a Python class or function; undefined when a model has no use for it. Nothing is ever run. */
export function pickleGlobal(module: string, name: string): PickleGlobal | undefined {
  return GLOBALS.get(`${module === '__builtin__' ? 'builtins' : module}.${name}`)
}
