/** WGSL that is the same for every kernel: a module has it once, under its own names. */
export interface SharedCode {
  /** Of the function that it is for. */
  readonly name: string
  readonly wgsl: string
  /** What its functions call. */
  readonly uses: readonly SharedCode[]
}

export const sharedCode = (name: string, wgsl: string, ...uses: readonly SharedCode[]): SharedCode => ({
  name,
  wgsl,
  uses,
})

/**
 * The words of a buffer, to be read or assigned to, by an index between backticks as by one between brackets. It is added to where
 * the buffer starts, so it may be a sum or a product.
 */
export type Words = (index: TemplateStringsArray, ...values: readonly (string | number)[]) => string

/** Declares what is at module scope; each gives the name that it has there. */
export interface Declare {
  /** A function: its name, what is between name and body, and the body. */
  readonly fn: (name: string, signature: string, body: string) => string
  /** A variable in the memory of the workgroup. */
  readonly workgroup: (name: string, type: string) => string
  /** A variable that each thread has for itself. */
  readonly thread: (name: string, type: string) => string
  /** Code of all kernels, where the module has it not yet. */
  readonly use: (code: SharedCode) => string
}

/**
 * What a kernel's WGSL is written with. Where it is compiled, and beside what, decides how its scalars, its buffers and what it
 * declares are called.
 */
export interface Scope<P extends string, B extends string> extends Declare {
  /** The kernel's scalars. */
  readonly p: Readonly<Record<P, string>>
  readonly buffers: Readonly<Record<B, Words>>
}

/** What a module declares beside scalars and buffers. */
export class Declarations implements Declare {
  readonly #own: string[] = []
  readonly #shared = new Set<SharedCode>()

  fn = (name: string, signature: string, body: string): string =>
    this.#declare(name, `fn ${name}${signature} {\n${body}\n}`)

  workgroup = (name: string, type: string): string => this.#declare(name, `var<workgroup> ${name}: ${type};`)

  thread = (name: string, type: string): string => this.#declare(name, `var<private> ${name}: ${type};`)

  #declare(name: string, wgsl: string): string {
    this.#own.push(wgsl)
    return name
  }

  use = (code: SharedCode): string => {
    for (const other of code.uses) this.use(other)
    this.#shared.add(code)
    return code.name
  }

  get wgsl(): string {
    return [...Array.from(this.#shared, ({ wgsl }) => wgsl), ...this.#own].join('\n')
  }
}

/** The same declarations with a prefix to the names of all that is not shared. */
export const prefixed = ({ fn, workgroup, thread, use }: Declare, prefix: string): Declare => ({
  fn: (name, signature, body) => fn(prefix + name, signature, body),
  workgroup: (name, type) => workgroup(prefix + name, type),
  thread: (name, type) => thread(prefix + name, type),
  use,
})
