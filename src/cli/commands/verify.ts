import { type Arguments, type Command, verbosityOf } from '../arguments.js'
import { grouped, repeated } from '../option-specs.js'

/** `scvae verify PREFIX_report.html`: whether a page says what its run gives. */
export const verify: Command = {
  usage: 'verify <page>',
  describe: 'Run again what a report claims, and compare every number; exit code 1 where one differs',
  positionals: { page: 'PREFIX_report.html of scvae fit, or PREFIX' },
  options: grouped('Data:', {
    input: repeated(
      'Where the input lies now (repeatable, in the order of the fit); as the page names it without',
    ),
  }),
  examples: [['$0 verify pbmc_report.html', 'times and memory are not compared']],
  async run(args: Arguments): Promise<void> {
    const { runVerify } = await import('../verify/run-verify.js')
    await runVerify({
      page: args.positional('page'),
      inputs: args.texts('input'),
      verbosity: verbosityOf(args),
    })
  },
}
