#!/usr/bin/env node
import { report, run } from './command-line.js'

// a reader that closes the pipe early (head) has seen what it wanted
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

const words = process.argv.slice(2)
try {
  await run(words)
} catch (error) {
  process.exitCode = report(error, words.includes('--verbose') || words.includes('-v'))
}
