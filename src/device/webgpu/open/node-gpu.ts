import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { ScvaeError } from '../../../errors.js'

/** Timestamps are rounded to 65 µs, against attacks from web pages, where this is not switched off. */
const FLAGS = ['disable-dawn-features=timestamp_quantization']

/** Kept for the life of the process: adapters and devices crash once the object that made them has been collected. */
const made = new Map<string, GPU>()

/**
 * WebGPU in Node: the one file of this folder that is not for browsers.
 *
 * @param flags of Dawn, such as `backend=vulkan`
 * @throws ScvaeError (no-device) when the optional package is not installed or does not load, or Vulkan is missing.
 */
export async function nodeGpu(flags: readonly string[] = []): Promise<GPU> {
  const create = await loadDawn()
  const missing = missingVulkan()
  if (missing) throw new ScvaeError('no-device', missing.sentence, { hint: missing.hint })
  // Mesa's layer that orders GPUs looks for a desktop, and complains on stderr where there is none
  process.env.NODEVICE_SELECT ??= '1'
  const key = flags.join(' ')
  const gpu = made.get(key) ?? create([...FLAGS, ...flags])
  made.set(key, gpu)
  return gpu
}

async function loadDawn(): Promise<(flags: string[]) => GPU> {
  try {
    return (await import('webgpu')).create
  } catch (cause) {
    const missing = (cause as { code?: string }).code === 'ERR_MODULE_NOT_FOUND'
    const why = missing ? 'is not installed' : `does not load: ${(cause as Error).message.split('\n')[0]}`
    throw new ScvaeError('no-device', `The GPU is reached through the npm package "webgpu", which ${why}.`, {
      hint: missing ? 'Run "npm install webgpu" where scvae is installed.' : 'Use --device cpu.',
      cause,
    })
  }
}

/** What Linux lacks for Vulkan, before Dawn finds out and prints it. Other systems bring their own graphics interface. */
function missingVulkan(): { sentence: string; hint: string } | undefined {
  if (process.platform !== 'linux') return undefined
  const folders = (process.env.LD_LIBRARY_PATH ?? '').split(delimiter).filter(Boolean)
  const cached = existsSync('/etc/ld.so.cache') && readFileSync('/etc/ld.so.cache').includes('libvulkan.so.1')
  if (!cached && !folders.some((folder) => existsSync(join(folder, 'libvulkan.so.1')))) {
    return {
      sentence: 'There is no Vulkan loader (libvulkan.so.1), through which the GPU is reached.',
      hint: 'Install it, on Debian and Ubuntu with "apt-get install libvulkan1".',
    }
  }
  const { VK_ICD_FILENAMES, VK_DRIVER_FILES, VK_ADD_DRIVER_FILES } = process.env
  if (VK_ICD_FILENAMES || VK_DRIVER_FILES || VK_ADD_DRIVER_FILES) return undefined
  const shared = (process.env.XDG_DATA_DIRS || '/usr/local/share:/usr/share').split(delimiter)
  const places = [...shared, '/etc', '/usr/local/etc', join(homedir(), '.local/share')]
  const found = places.some((place) => {
    const folder = join(place, 'vulkan/icd.d')
    return existsSync(folder) && readdirSync(folder).some((file) => file.endsWith('.json'))
  })
  if (found) return undefined
  return {
    sentence: 'No Vulkan driver is registered (no file in /usr/share/vulkan/icd.d or /etc/vulkan/icd.d).',
    hint: "Install the graphics part of the card's driver (NVIDIA: the file nvidia_icd.json), or name its file in VK_DRIVER_FILES.",
  }
}

/** A GPU by the name that its driver gives it, and the interface it is reached by. */
export interface AdapterName {
  backend: string
  name: string
}

/**
 * The adapters of this machine. WebGPU itself only hands out one; Dawn lists them when it is asked for one that does not
 * exist.
 *
 * @throws ScvaeError (no-device) as {@link nodeGpu}.
 */
export async function adapterNames(): Promise<AdapterName[]> {
  const gpu = await nodeGpu(['adapter=one that does not exist'])
  try {
    await gpu.requestAdapter()
    return []
  } catch (error) {
    const listed = String((error as Error).message).matchAll(/backend: '([^']*)', name: '([^']*)'/g)
    return Array.from(listed, ([, backend, name]) => ({ backend: backend!, name: name! })).filter(
      ({ backend }) => backend !== 'null',
    )
  }
}
