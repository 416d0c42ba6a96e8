/** The bit flags of the WebGPU standard that this device uses; Node has no globals that name them. */
export const USAGE = {
  mapRead: 0x1,
  copySource: 0x4,
  copyDestination: 0x8,
  uniform: 0x40,
  storage: 0x80,
  queryResolve: 0x200,
} as const

export const MAP_READ = 0x1
export const STAGE_COMPUTE = 0x4
