import type { Packed } from '../../src/report/page/pack.js'
import type { PackedModel, PageHeader } from '../../src/report/page/page-data.js'
import type { Answers, FromWorker, Question, ToWorker } from './protocol.js'

interface Open {
  onShare: (share: number) => void
  resolve: (answer: Answers[Question['kind']]) => void
  reject: (error: Error) => void
}

/** Asks the page's model, which computes in a worker. */
export class ModelClient {
  readonly #worker: Worker
  readonly #open = new Map<number, Open>()
  #next = 0

  /** @param source the worker's script */
  constructor(source: string, model: PackedModel, { header, arrays }: Packed<PageHeader>) {
    const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }))
    this.#worker = new Worker(url)
    this.#worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => this.#hear(data))
    this.#worker.addEventListener('error', () => this.#fail('The model does not run in this browser.'))
    this.#send({ kind: 'start', model, places: arrays[header.positions] as Uint16Array, arrays })
  }

  ask<Kind extends Question['kind']>(
    question: Extract<Question, { kind: Kind }>,
    onShare: (share: number) => void = () => {},
  ): Promise<Answers[Kind]> {
    const id = this.#next++
    this.#send({ id, question })
    return new Promise<Answers[Kind]>((resolve, reject) => {
      this.#open.set(id, { onShare, resolve: (answer) => resolve(answer as Answers[Kind]), reject })
    })
  }

  #send(message: ToWorker): void {
    this.#worker.postMessage(message)
  }

  #hear(message: FromWorker): void {
    const open = this.#open.get(message.id)
    if (message.kind === 'share') {
      open?.onShare(message.share)
      return
    }
    this.#open.delete(message.id)
    if (message.kind === 'answer') open?.resolve(message.answer)
    else open?.reject(new Error(message.message))
  }

  #fail(sentence: string): void {
    for (const { reject } of this.#open.values()) reject(new Error(sentence))
    this.#open.clear()
  }
}
