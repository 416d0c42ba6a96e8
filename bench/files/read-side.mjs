// Reads one AnnData file and says how long that took, what came of it, and how much memory the process had at its most.
import { readFileSync } from 'node:fs'
import { readAnnData } from '../../dist/src/index.js'

const started = performance.now()
const { counts } = await readAnnData(process.argv[2])
const seconds = (performance.now() - started) / 1000

const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]
const sum = counts.blocks.reduce((total, block) => block.counts.reduce((a, b) => a + b, total), 0)
const { nonzeros } = counts
process.stdout.write(JSON.stringify({ seconds, peakBytes: Number(kilobytes) * 1024, nonzeros, sum }))
