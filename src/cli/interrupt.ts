import { ScvaeError } from '../errors.js'

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/**
 * Runs work that ends in good order when the user presses Ctrl-C (or the process gets SIGTERM): the first signal aborts
 * the work's `AbortSignal`, the second ends the process at once, with `cleanUp` done.
 */
export async function interruptible<T>(
  work: (signal: AbortSignal) => Promise<T>,
  onFirst: () => void,
  cleanUp: () => void = () => {},
): Promise<T> {
  const controller = new AbortController()
  const onSignal = () => {
    if (controller.signal.aborted) {
      cleanUp()
      process.exit(130)
    }
    controller.abort()
    onFirst()
  }
  for (const name of SIGNALS) process.on(name, onSignal)
  try {
    return await work(controller.signal)
  } finally {
    for (const name of SIGNALS) process.off(name, onSignal)
  }
}

/** @throws ScvaeError `interrupted` after a signal, for work that has written nothing yet */
export function stopIfInterrupted(signal: AbortSignal): void {
  if (signal.aborted) throw new ScvaeError('interrupted', 'Interrupted; nothing was written.')
}
