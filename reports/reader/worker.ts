// Reads a file of the reader's own machine by h5wasm and encodes its cells, beside the page's own thread.
import './buffer.js'
import { FS, ready } from 'h5wasm'
import { ScvaeError } from '../../src/errors.js'
import { embedFile } from '../../src/report/page/embed-file.js'
import { unpackNetwork } from '../../src/report/page/unpack-model.js'
import type { FromReader, ToReader } from './protocol.js'

const FOLDER = '/dropped'

const reply = (message: FromReader) => self.postMessage(message)

async function embed({ file, encoder, query, arrays }: ToReader): Promise<void> {
  await ready
  if (!FS) throw new Error('h5wasm has no files')
  FS.mkdir(FOLDER)
  // the file stays where it is: parts of it are read when they are asked for
  FS.mount(FS.filesystems.WORKERFS!, { files: [file] }, FOLDER)
  const onShare = (share: number) => reply({ kind: 'share', share })
  const path = `${FOLDER}/${file.name}`
  const embedded = await embedFile(path, query, unpackNetwork(encoder, arrays), onShare)
  reply({ kind: 'embedded', embedded })
}

self.addEventListener('message', ({ data }: MessageEvent<ToReader>) => {
  embed(data).catch((error: unknown) => {
    const known = error instanceof ScvaeError
    const sentence = known
      ? error.message.replaceAll(`${FOLDER}/`, '')
      : `"${data.file.name}" could not be read in this browser (${String(error)}).`
    reply({ kind: 'refused', sentence })
  })
})
