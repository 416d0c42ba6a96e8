import { COMMON_OPTIONS, type Command, type OptionSpec } from '../arguments.js'

export const SHELLS = ['bash', 'zsh', 'fish'] as const

/** A script with all commands and options in it, so that a key press starts no program. */
export function scriptFor(shell: (typeof SHELLS)[number], commands: readonly Command[]): string {
  return shell === 'fish'
    ? fishScript(commands)
    : shell === 'zsh'
      ? zshScript(commands)
      : bashScript(commands)
}

/** What can be completed of a command. */
interface Completed {
  name: string
  describe: string
  /** Of a positional that is no file. */
  words: readonly string[]
  options: readonly (readonly [name: string, spec: OptionSpec])[]
}

function completed({ usage, describe, options, words = [] }: Command): Completed {
  return {
    name: usage.split(' ')[0]!,
    describe,
    words,
    options: [...Object.entries<OptionSpec>({ ...options, ...COMMON_OPTIONS }), ['help', HELP] as const],
  }
}

const HELP: OptionSpec = { describe: 'Show what matters most; --help all shows every option', words: ['all'] }

/** The branches of a bash or zsh `case`: the words of options that take few, and the options of each command. */
function branches(commands: readonly Command[]): { words: string[]; options: string[] } {
  const all = commands.map(completed)
  return {
    words: all.flatMap(({ name, options }) =>
      options.flatMap(([option, { words }]) =>
        words ? [`    "${name} --${option}") words="${words.join(' ')}" ;;`] : [],
      ),
    ),
    options: all.map(({ name, options, words }) => {
      const plain = words.length > 0 ? ` plain="${words.join(' ')}";` : ''
      return `    ${name})${plain} options="${options.map(([option]) => `--${option}`).join(' ')}" ;;`
    }),
  }
}

const namesOf = (commands: readonly Command[]) => commands.map((one) => completed(one).name).join(' ')

function bashScript(commands: readonly Command[]): string {
  const { words, options } = branches(commands)
  return `# completion of scvae in bash: source <(scvae completion bash)
_scvae() {
  local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD - 1]}" command="\${COMP_WORDS[1]}"
  local words="" options="" plain=""
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    words="${namesOf(commands)} --help --version"
  else
    case "$command $before" in
${words.join('\n')}
    esac
    case "$command" in
${options.join('\n')}
    esac
    if [[ -z $words && $current == -* ]]; then words="$options"; fi
    if [[ -z $words ]]; then words="$plain"; fi
  fi
  # without words the shell completes names of files
  if [[ -n $words ]]; then COMPREPLY=($(compgen -W "$words" -- "$current")); fi
}
complete -o default -F _scvae scvae
`
}

function zshScript(commands: readonly Command[]): string {
  const { words, options } = branches(commands)
  return `#compdef scvae
# completion of scvae in zsh: source <(scvae completion zsh), after compinit
_scvae() {
  local current="\${words[CURRENT]}" before="\${words[CURRENT-1]}" command="\${words[2]}"
  local choices="" options="" plain=""
  if ((CURRENT == 2)); then
    choices="${namesOf(commands)} --help --version"
  else
    case "$command $before" in
${words.map((line) => line.replace('words=', 'choices=')).join('\n')}
    esac
    case "$command" in
${options.join('\n')}
    esac
    if [[ -z $choices && $current == -* ]]; then choices="$options"; fi
    if [[ -z $choices ]]; then choices="$plain"; fi
  fi
  if [[ -n $choices ]]; then compadd -- \${=choices}; else _files; fi
}
compdef _scvae scvae
`
}

function fishScript(commands: readonly Command[]): string {
  const quoted = (text: string) => `'${text.replace(/[\\']/g, '\\$&')}'`
  const lines = ['# completion of scvae in fish: scvae completion fish | source']
  for (const { name, describe, words, options } of commands.map(completed)) {
    lines.push(`complete -c scvae -n __fish_use_subcommand -f -a ${name} -d ${quoted(describe)}`)
    const here = `complete -c scvae -n '__fish_seen_subcommand_from ${name}'`
    if (words.length > 0) lines.push(`${here} -f -a ${quoted(words.join(' '))}`)
    for (const [option, spec] of options) {
      const taken = spec.words
        ? ` -x -a ${quoted(spec.words.join(' '))}`
        : spec.type === 'boolean'
          ? ''
          : ' -r'
      lines.push(`${here} -l ${option}${taken} -d ${quoted(spec.describe ?? '')}`)
    }
  }
  return `${lines.join('\n')}\n`
}
