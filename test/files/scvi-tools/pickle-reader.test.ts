import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ScvaeError } from '../../../src/errors.js'
import { readScviModel } from '../../../src/files/scvi-tools/import.js'
import { NumpyArray } from '../../../src/files/scvi-tools/numpy-values.js'
import { readPickle } from '../../../src/files/scvi-tools/pickle-reader.js'
import { OpaqueObject, PickleDict, type PickleValue } from '../../../src/files/scvi-tools/pickle-values.js'
import {
  type PickleTree,
  TensorToWrite,
  VectorToWrite,
  writePickle,
} from '../../../src/files/scvi-tools/pickle-writer.js'
import { readTorchFile } from '../../../src/files/scvi-tools/torch-file.js'
import type { TorchTensor } from '../../../src/files/scvi-tools/torch-values.js'
import { temporaryFolder } from './fixtures.js'
import { dict, global, type Part, pickle, stackGlobal, text, torchFile, uint32 } from './pickles.js'

const read = (...parts: readonly Part[]) => readPickle(pickle(...parts), { path: 'm.pt' })

/** What reading throws, in one string. */
function refusal(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    expect(error).toBeInstanceOf(ScvaeError)
    expect((error as ScvaeError).kind).toBe('bad-input')
    return (error as ScvaeError).message
  }
  throw new Error('nothing was thrown')
}

const named = (name: string) =>
  `"m.pt" names the Python object ${name}, which no model needs: the file is refused.`

describe('a hostile pickle', () => {
  const folder = temporaryFolder()
  const witness = join(folder, 'ran')
  const command = `touch ${witness}`
  const call = (callee: Uint8Array, argument = command) => pickle(callee, '(', text(argument), 'tR')

  const HOSTILE: [how: string, name: string, bytes: Uint8Array][] = [
    ['REDUCE', 'os.system', pickle(call(global('os', 'system')), '.')],
    ['REDUCE of protocol 2 names', 'posix.system', pickle(0x80, 2, call(global('posix', 'system')), '.')],
    ['STACK_GLOBAL', 'os.system', pickle(0x80, 4, call(stackGlobal('os', 'system')), '.')],
    ['eval', 'builtins.eval', pickle(call(global('builtins', 'eval'), '1'), '.')],
    ['exec of Python 2', '__builtin__.exec', pickle(call(global('__builtin__', 'exec'), '1'), '.')],
    ['__import__', 'builtins.__import__', pickle(call(global('builtins', '__import__'), 'os'), '.')],
    ['getattr', 'builtins.getattr', pickle(global('builtins', 'getattr'), '.')],
    ['INST', 'os.system', pickle('(', text(command), 'ios\nsystem\n.')],
    ['OBJ', 'os.system', pickle('(', global('os', 'system'), text(command), 'o.')],
    ['NEWOBJ', 'subprocess.Popen', pickle(global('subprocess', 'Popen'), '(', text(command), 't', 0x81, '.')],
    ['NEWOBJ_EX', 'subprocess.Popen', pickle(global('subprocess', 'Popen'), ')}', 0x92, '.')],
    ['BUILD', 'torch.nn.modules.Module', pickle(global('torch.nn.modules', 'Module'), ')R}b.')],
    [
      'a dotted name',
      'collections.OrderedDict.fromkeys',
      pickle(global('collections', 'OrderedDict.fromkeys'), '.'),
    ],
    [
      'a dotted name of an allowed module',
      'torch._utils._rebuild_tensor_v2.__globals__',
      pickle(stackGlobal('torch._utils', '_rebuild_tensor_v2.__globals__'), '.'),
    ],
    [
      'a split elsewhere',
      'numpy.core.multiarray._reconstruct.x',
      pickle(global('numpy.core', 'multiarray._reconstruct.x'), '.'),
    ],
    [
      'nested in plain data',
      'os.system',
      pickle(dict('a', dict('b', pickle('](', text('x'), call(global('os', 'system')), 'e'))), '.'),
    ],
    [
      'as an argument of an allowed call',
      'os.system',
      pickle(
        global('collections', 'OrderedDict'),
        '(](',
        '(',
        text('k'),
        call(global('os', 'system')),
        'tetR.',
      ),
    ],
    [
      'in the state of an array',
      'os.system',
      pickle(global('numpy.core.multiarray', '_reconstruct'), ')R(', call(global('os', 'system')), 'tb.'),
    ],
    [
      'in an object that is left out',
      'os.system',
      pickle(
        global('pandas.core.frame', 'DataFrame'),
        ')',
        0x81,
        dict('x', call(global('os', 'system'))),
        'b.',
      ),
    ],
    [
      'by way of the memo',
      'os.system',
      pickle(text('os'), 'q', 0, '0', text('system'), 'q', 1, '0h', 0, 'h', 1, 0x93, '.'),
    ],
    ['after the end of use', 'os.system', pickle(call(global('os', 'system')), '0}.')],
    ['torch.load again', 'torch.serialization.load', pickle(global('torch.serialization', 'load'), '.')],
    ['numpy.load', 'numpy.load', pickle(global('numpy', 'load'), '.')],
    ['a prototype', '__proto__.constructor', pickle(global('__proto__', 'constructor'), '.')],
    ['control characters', 'os.?[2Jsystem', pickle(global('os', '\x1b[2Jsystem'), '.')],
  ]

  it.each(HOSTILE)('by %s is refused by the name %s', (_, name, bytes) => {
    expect(refusal(() => read(bytes))).toBe(named(name))
    // the same in a whole model file
    const path = join(folder, 'model.pt')
    writeFileSync(path, torchFile(bytes))
    expect(refusal(() => readScviModel(path))).toBe(named(name).replace('m.pt', path))
    expect(existsSync(witness)).toBe(false)
  })

  it('through the extension registry is refused', () => {
    expect(refusal(() => read(0x82, 1, '.'))).toContain('it has the instruction 0x82')
  })

  it('cannot call what stands for a class', () => {
    for (const [module, name] of [
      ['numpy', 'ndarray'],
      ['torch', 'FloatStorage'],
    ] as const) {
      expect(refusal(() => read(global(module, name), ')R.'))).toContain('it calls a name that only says')
    }
    expect(refusal(() => read(text('os.system'), ')R.'))).toContain('it calls what is no function')
  })

  it('cannot reach a prototype by its keys', () => {
    const value = read('}', text('__proto__'), dict('polluted', pickle(0x88)), 's.')
    expect(value).toBeInstanceOf(PickleDict)
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })
})

describe('sizes that lie', () => {
  const huge = new Uint8Array(8).fill(0xff)

  it.each<[string, Uint8Array]>([
    ['BINUNICODE', pickle('X', uint32(0xffffffff), 'a')],
    ['BINUNICODE8', pickle(0x8d, huge)],
    ['BINBYTES', pickle('B', uint32(0x7fffffff))],
    ['BINBYTES8', pickle(0x8e, huge)],
    ['BYTEARRAY8', pickle(0x96, huge)],
    ['SHORT_BINBYTES', pickle('C', 9, 'abc')],
    ['LONG1', pickle(0x8a, 200, 'abc')],
    ['GLOBAL without an end', pickle('cos')],
    ['no STOP', pickle('N')],
    ['nothing', pickle()],
  ])('%s', (_, bytes) => {
    expect(refusal(() => read(bytes))).toContain('cut short')
  })

  it('refuses whole numbers that are far too long', () => {
    expect(refusal(() => read(0x8b, uint32(1 << 30)))).toContain('a whole number of 1073741824 bytes')
  })

  it('keeps few bytes for a memo of high numbers', () => {
    expect(read('Nr', uint32(0xfffffffe), 'j', uint32(0xfffffffe), '.')).toBe(null)
  })

  it('does not copy one text again and again', () => {
    const long = 'a'.repeat(300_000)
    const encode = pickle(global('_codecs', 'encode'), '(h', 0, 'h', 1, 'tR0')
    const bytes = pickle(
      text(long),
      'q',
      0,
      '0',
      text('latin1'),
      'q',
      1,
      '0',
      ...Array(40).fill(encode),
      'N.',
    )
    expect(refusal(() => read(bytes))).toContain('far more data than it holds')
  })

  const tensor = (length: number, size: readonly number[], stride: readonly number[]) =>
    pickle(
      global('torch._utils', '_rebuild_tensor_v2'),
      '((',
      text('storage'),
      global('torch', 'FloatStorage'),
      text('0'),
      text('cpu'),
      'J',
      uint32(length),
      'tQK',
      0,
      '(',
      ...size.flatMap((n) => ['J', uint32(n)]),
      't(',
      ...stride.flatMap((n) => ['J', uint32(n)]),
      't',
      0x89,
      'NtR.',
    )
  const folder = temporaryFolder()
  const path = join(folder, 'model.pt')
  const readTensor = (bytes: Uint8Array, storage: Uint8Array) => {
    writeFileSync(path, torchFile(bytes, { 0: storage }))
    return readTorchFile(path) as TorchTensor
  }
  const four = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer)

  it('reads tensors in row-major order, whatever their strides', () => {
    expect([...readTensor(tensor(4, [2, 2], [2, 1]), four).values()]).toEqual([1, 2, 3, 4])
    expect([...readTensor(tensor(4, [2, 2], [1, 2]), four).values()]).toEqual([1, 3, 2, 4])
    expect([...readTensor(tensor(4, [], []), four).values()]).toEqual([1])
    expect([...readTensor(tensor(4, [0, 3], [3, 1]), four).values()]).toEqual([])
  })

  it('refuses a tensor beyond its storage, and one number repeated without end', () => {
    for (const bytes of [tensor(4, [5], [1]), tensor(4, [1 << 30], [0]), tensor(4, [2, 2], [4, 1])]) {
      expect(refusal(() => readTensor(bytes, four))).toContain('a tensor that is larger than its storage')
    }
    expect(refusal(() => readTensor(tensor(4, [-1], [1]), four))).toContain('without a proper shape')
  })

  it('refuses a storage of another length than its entry, or without one', () => {
    expect(() => readTensor(tensor(1 << 30, [1 << 30], [1]), four).values()).toThrow('of another length')
    writeFileSync(path, torchFile(tensor(4, [4], [1])))
    expect(() => (readTorchFile(path) as TorchTensor).values()).toThrow('the storage "0" is missing')
  })
})

describe('plain data', () => {
  /** PickleDicts as objects, for comparing. */
  const plain = (value: PickleValue): unknown => {
    if (value instanceof PickleDict)
      return Object.fromEntries([...value].map(([k, v]) => [String(k), plain(v)]))
    if (Array.isArray(value)) return value.map(plain)
    return value instanceof NumpyArray ? { vector: value.vector() } : value
  }

  it('reads every instruction of protocols 0 to 5', () => {
    expect(plain(read('(lp0\nI1\naI01\naL12345678901234567890L\naF1.5\naVhello\nag0\n0.'))).toHaveLength(5)
    expect(
      plain(
        read(
          '(',
          'K',
          7,
          'M',
          1,
          2,
          'J',
          uint32(-5 >>> 0),
          0x8a,
          2,
          0xff,
          0x7f,
          'G',
          0x3f,
          0xf8,
          ...Array(6).fill(0),
          't.',
        ),
      ),
    ).toEqual([7, 513, -5, 32767, 1.5])
    expect(plain(read(0x80, 5, 0x95, ...Array(8).fill(0), 0x8c, 2, 'hi', 0x94, '0h', 0, 0x85, '.'))).toEqual([
      'hi',
    ])
    expect(plain(read('(K', 1, 'K', 2, 'd.'))).toEqual({ 1: 2 })
    expect(plain(read(0x8f, '(K', 1, 0x90, '.'))).toEqual([1])
    expect(plain(read('N2', 0x86, '.'))).toEqual([null, null])
    expect(plain(read('(NN1', 0x88, '.'))).toBe(true)
  })

  it('reads numpy numbers and arrays', () => {
    const type = (code: string) =>
      pickle(global('numpy', 'dtype'), '(', text(code), 0x89, 0x88, 'tR(K', 3, text('<'), 'NNNtb')
    const bytes = (...values: number[]) => pickle('C', values.length, ...values)
    expect(
      read(global('numpy.core.multiarray', 'scalar'), '(', type('i8'), bytes(5, 0, 0, 0, 0, 0, 0, 0), 'tR.'),
    ).toBe(5)
    const array = (code: string, length: number, data: Uint8Array) =>
      read(
        global('numpy._core.multiarray', '_reconstruct'),
        ')R(K',
        1,
        'K',
        length,
        0x85,
        type(code),
        0x89,
        data,
        'tb.',
      )
    expect(plain(array('b1', 2, bytes(1, 0)))).toEqual({ vector: [true, false] })
    expect(plain(array('U2', 2, bytes(0x61, 0, 0, 0, 0, 0, 0, 0, 0x62, 0, 0, 0, 0x63, 0, 0, 0)))).toEqual({
      vector: ['a', 'bc'],
    })
    expect(() => plain(array('i8', 3, bytes(1, 0, 0, 0, 0, 0, 0, 0)))).toThrow('another length than it says')
    expect(() => plain(array('i8', 1, bytes(1)))).toThrow('cut short')
    expect(() => plain(array('M8', 1, bytes(1, 0, 0, 0, 0, 0, 0, 0)))).toThrow('a numpy array of type "M8"')
  })

  it('drops data frames', () => {
    const value = read(global('pandas.core.frame', 'DataFrame'), ')', 0x81, dict('_mgr', pickle('N')), 'b.')
    expect(value).toEqual(new OpaqueObject('pandas.core.frame.DataFrame'))
  })

  it('drops the history as pandas 3 writes it', () => {
    const bytes = readFileSync('test/fixtures/scvi/history-pandas-3.pkl')
    const history = readPickle(bytes, { path: 'history' }) as PickleDict
    expect([...history.keys()]).toEqual(['elbo_train', 'elbo_validation', 'kl_weight'])
    for (const frame of history.values()) expect(frame).toEqual(new OpaqueObject('pandas.DataFrame'))
  })

  it('gives back what was written', () => {
    const tree: PickleTree = {
      none: null,
      truth: [true, false],
      numbers: [0, -1, 2 ** 31 - 1, 2 ** 40, 0.1, -0.5],
      text: 'µ–😀',
      nested: { '': [] },
      names: new VectorToWrite(['b', 'µ']),
      whole: new VectorToWrite([3, -4]),
      real: new VectorToWrite([0.5, 2]),
      flags: new VectorToWrite([true, false]),
      none_at_all: new VectorToWrite([]),
    }
    expect(plain(readPickle(writePickle(tree), { path: 'm.pt' }))).toEqual({
      ...tree,
      names: { vector: ['b', 'µ'] },
      whole: { vector: [3, -4] },
      real: { vector: [0.5, 2] },
      flags: { vector: [true, false] },
      none_at_all: { vector: [] },
    })
  })

  it('gives tensors back', () => {
    const path = join(temporaryFolder(), 'model.pt')
    const values = Float32Array.of(1, 2, 3, 4, 5, 6)
    const bytes = writePickle({ weight: new TensorToWrite('FloatStorage', '0', [2, 3]) })
    writeFileSync(path, torchFile(bytes, { 0: new Uint8Array(values.buffer) }))
    const tensor = (readTorchFile(path) as PickleDict).get('weight') as TorchTensor
    expect(tensor.shape).toEqual([2, 3])
    expect(tensor.values()).toEqual(values)
  })
})

describe('damage', () => {
  it('is told in one sentence, or does no harm', () => {
    const whole = writePickle({ a: [1, 2, 'x', new VectorToWrite(['g1', 'g2'])], b: { c: null, d: 0.5 } })
    fc.assert(
      fc.property(
        fc.array(fc.record({ at: fc.nat(whole.length - 1), byte: fc.nat(255) }), {
          minLength: 1,
          maxLength: 6,
        }),
        fc.nat(whole.length),
        (changes, length) => {
          const bytes = whole.slice(0, length || undefined)
          for (const { at, byte } of changes) if (at < bytes.length) bytes[at] = byte
          try {
            readPickle(bytes, { path: 'm.pt' })
          } catch (error) {
            expect(error).toBeInstanceOf(ScvaeError)
            expect((error as ScvaeError).message.split('\n')).toHaveLength(1)
          }
        },
      ),
      { numRuns: 2000, seed: 1 },
    )
  })
})
