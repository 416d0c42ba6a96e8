import { describe, expect, it } from 'vitest'
import { mayHaveGpu } from '../../src/device/webgpu/open/device-files.js'

describe('a GPU that is looked for without being named', () => {
  const usual = ['null', 'zero', 'shm', 'pts', 'kmsg', 'sda', 'drive0']

  it.each([['dri'], ['nvidia0'], ['nvidiactl'], ['dxg'], ['kfd'], ['mali0'], ['kgsl-3d0']])(
    'may be there where Linux has /dev/%s',
    (name) => {
      expect(mayHaveGpu('linux', [...usual, name])).toBe(true)
    },
  )

  it('cannot be there where Linux has no file of a graphics driver', () => {
    expect(mayHaveGpu('linux', usual)).toBe(false)
  })

  it('may be there on any other system', () => {
    expect(mayHaveGpu('darwin', usual)).toBe(true)
    expect(mayHaveGpu('win32', [])).toBe(true)
  })
})
