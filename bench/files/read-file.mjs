// Writes an AnnData file of random counts: node bench/files/read-file.mjs PATH FORM CELLS GENES DENSITY
// FORM is csr, csc, dense (gzip at level 4) or plain-dense (uncompressed). Prints the number of nonzeros.
import { withH5File } from '../../dist/src/anndata/hdf5/hdf5.js'
import { setEncoding, writeDataFrame, writeDict } from '../../dist/src/anndata/write/parts.js'
import { Random } from '../../dist/src/numeric/random.js'

const [path, form, ...numbers] = process.argv.slice(2)
const [nCells, nGenes, density] = numbers.map(Number)

/** Chunks as h5py chooses them for anndata's arrays of 90 million entries, and of 60,000 × 20,000 values. */
const ENTRY_CHUNK = 21_973
const TILE = [469, 157]
const SLICE_ENTRIES = 4 << 20

const random = new Random(7)

/** Positions below `length`, ascending, each with the probability `density`, and a small count for each. */
function drawRow(length, take) {
  const scale = 1 / Math.log(1 - density)
  for (let j = skip(scale); j < length; j += 1 + skip(scale))
    take(j, 1 + Math.floor(-1.5 * Math.log(positive())))
}

const positive = () => 1 - random.next()
const skip = (scale) => Math.floor(Math.log(positive()) * scale)

/** A dataset that grows along its first dimension. */
function growing(parent, name, empty, rowShape, chunks, compressed) {
  const dataset = parent.create_dataset({
    ...{ name, data: empty, shape: [0, ...rowShape], maxshape: [null, ...rowShape], chunks },
    ...(compressed ? { compression: 'gzip', compression_opts: 4 } : {}),
  })
  let rows = 0
  return (values, added) => {
    dataset.resize([rows + added, ...rowShape])
    dataset.write_slice([[rows, rows + added], ...rowShape.map((n) => [0, n])], values)
    rows += added
  }
}

function writeSparse(file) {
  const [outer, inner] = form === 'csr' ? [nCells, nGenes] : [nGenes, nCells]
  const group = file.create_group('X')
  setEncoding(group, `${form}_matrix`, '0.1.0')
  group.create_attribute('shape', BigInt64Array.of(BigInt(nCells), BigInt(nGenes)))
  const appendIndices = growing(group, 'indices', new Int32Array(0), [], [ENTRY_CHUNK], true)
  const appendData = growing(group, 'data', new Float32Array(0), [], [ENTRY_CHUNK], true)
  const indptr = new Int32Array(outer + 1)
  const indices = new Int32Array(SLICE_ENTRIES)
  const data = new Float32Array(SLICE_ENTRIES)
  let used = 0
  let total = 0
  const flush = () => {
    appendIndices(indices.subarray(0, used), used)
    appendData(data.subarray(0, used), used)
    total += used
    used = 0
  }
  for (let i = 0; i < outer; i++) {
    if (used + inner > SLICE_ENTRIES) flush()
    drawRow(inner, (j, count) => {
      indices[used] = j
      data[used++] = count
    })
    indptr[i + 1] = total + used
  }
  flush()
  group.create_dataset({ name: 'indptr', data: indptr, shape: [indptr.length] })
  return total
}

function writeDense(file) {
  const compressed = form === 'dense'
  const [tileRows, tileColumns] = compressed ? TILE : [64, nGenes]
  const append = growing(
    ...[
      file,
      'X',
      new Float32Array(0),
      [nGenes],
      [Math.min(tileRows, nCells), Math.min(tileColumns, nGenes)],
    ],
    compressed,
  )
  let total = 0
  for (let first = 0; first < nCells; first += tileRows) {
    const rows = Math.min(tileRows, nCells - first)
    const values = new Float32Array(rows * nGenes)
    for (let i = 0; i < rows; i++) {
      drawRow(nGenes, (j, count) => {
        values[i * nGenes + j] = count
        total++
      })
    }
    append(values, rows)
  }
  setEncoding(file.get('X'), 'array', '0.2.0')
  return total
}

const names = (prefix, length) => Array.from({ length }, (_, i) => `${prefix}${i}`)
let nonzeros = 0
await withH5File(path, 'w', (file) => {
  setEncoding(file, 'anndata', '0.1.0')
  writeDataFrame(file, 'obs', names('cell', nCells), [])
  writeDataFrame(file, 'var', names('gene', nGenes), [])
  for (const name of ['layers', 'obsm', 'varm', 'obsp', 'varp', 'uns']) writeDict(file, name)
  nonzeros = form.endsWith('dense') ? writeDense(file) : writeSparse(file)
})
process.stdout.write(`${nonzeros}\n`)
