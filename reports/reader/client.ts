import type { EmbeddedFile } from '../../src/report/page/embed-file.js'
import { inflated } from '../inflate.js'
import type { FromReader, ToReader } from './protocol.js'

/** Reads a file and encodes its cells in a worker of its own, which ends with it: its memory never shrinks. */
export class Reader {
  readonly #source: string
  #script: Promise<string> | undefined

  /** @param source the worker's script, compressed, as base64 */
  constructor(source: string) {
    this.#source = source
  }

  /** @throws Error with a sentence for whoever chose the file */
  async embed(question: ToReader, onShare: (share: number) => void): Promise<EmbeddedFile> {
    this.#script ??= inflated(this.#source).then((bytes) =>
      URL.createObjectURL(new Blob([bytes], { type: 'text/javascript' })),
    )
    const worker = new Worker(await this.#script)
    try {
      return await new Promise<EmbeddedFile>((resolve, reject) => {
        worker.addEventListener('message', ({ data }: MessageEvent<FromReader>) => {
          if (data.kind === 'share') onShare(data.share)
          else if (data.kind === 'embedded') resolve(data.embedded)
          else reject(new Error(data.sentence))
        })
        worker.addEventListener('error', () => reject(new Error('Files are not read in this browser.')))
        worker.postMessage(question)
      })
    } finally {
      worker.terminate()
    }
  }
}
