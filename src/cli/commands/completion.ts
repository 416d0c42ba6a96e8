import { ScvaeError } from '../../errors.js'
import type { Arguments, Command } from '../arguments.js'
import { SHELLS, scriptFor } from '../completion/script.js'

/** `scvae completion SHELL`: prints what makes a shell complete commands, options and their words. */
export function completionOf(commands: () => readonly Command[]): Command {
  return {
    usage: 'completion <shell>',
    describe: 'Print a script that completes commands and options in a shell',
    positionals: { shell: SHELLS.join(' | ') },
    words: SHELLS,
    options: {},
    examples: [
      ['source <($0 completion bash)', 'in this shell'],
      ['$0 completion fish > ~/.config/fish/completions/scvae.fish', 'in every fish'],
    ],
    async run(args: Arguments): Promise<void> {
      const asked = args.positional('shell')
      const shell = SHELLS.find((one) => one === asked)
      if (shell === undefined)
        throw new ScvaeError('usage', `The shell must be one of ${SHELLS.join(', ')}, not "${asked}".`)
      process.stdout.write(scriptFor(shell, commands()))
    },
  }
}
