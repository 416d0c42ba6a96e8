import { readdirSync } from 'node:fs'

/** Devices of the kernel's graphics drivers: all of Mesa's, NVIDIA's, Windows' under Linux, AMD's for computing, and those of telephones' and boards' chips. */
const OF_A_GPU = /^(dri|nvidia.*|dxg|kfd|mali.*|kgsl.*|nvhost.*)$/

/**
 * Whether there may be a GPU that is not software, as far as can be told without loading a driver: on Linux it is reached through a file in
 * /dev. To look for one by Vulkan takes a third of a second, and drivers in software complain on stderr of what they lack.
 *
 * @param names of what lies in /dev; read there when left out
 */
export function mayHaveGpu(platform: string = process.platform, names?: readonly string[]): boolean {
  if (platform !== 'linux') return true
  try {
    return (names ?? readdirSync('/dev')).some((name) => OF_A_GPU.test(name))
  } catch {
    return true
  }
}
