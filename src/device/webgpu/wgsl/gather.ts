import { perKey } from '../per-key.js'
import { kernelSource } from '../program.js'
import { MATH } from './math.js'
import { entryReads, FIELD } from './minibatch.js'

/**
 * Fills a minibatch: the facts of each cell and log1p of its counts as a dense row. A workgroup owns a row; cells whose
 * counts lie in another chunk are left to that chunk's dispatch. `facts` has `fields` rows of all cells of the data set.
 */
export const gatherCells = perKey((packed: boolean, threads: number) =>
  kernelSource({
    name: 'gather',
    scalars: {
      chunk: 'u32',
      capacity: 'u32',
      genes: 'u32',
      fields: 'u32',
      totalCells: 'u32',
      rowsAt: 'u32',
    },
    buffers: {
      rows: 'read u32',
      facts: 'read u32',
      entries: 'read u32',
      metadata: 'read_write u32',
      dense: 'read_write f32',
    },
    code: `${MATH}${entryReads(packed)}
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) t: u32) {
  let i = group.x;
  let cell = rows[p.rowsAt + i];
  if (facts[${FIELD.chunk}u * p.totalCells + cell] != p.chunk) { return; }
  let start = facts[${FIELD.start}u * p.totalCells + cell];
  let end = facts[${FIELD.end}u * p.totalCells + cell];
  for (var f = t; f < p.fields; f += ${threads}u) { metadata[f * p.capacity + i] = facts[f * p.totalCells + cell]; }
  for (var g = t; g < p.genes; g += ${threads}u) { dense[i * p.genes + g] = 0.0; }
  storageBarrier();
  for (var k = start + t; k < end; k += ${threads}u) { dense[i * p.genes + entry_gene(k)] = log1p_(entry_count(k)); }
}`,
  }),
)
