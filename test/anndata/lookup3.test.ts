import { expect, test } from 'vitest'
import { lookup3 } from '../../src/anndata/hdf5/lookup3.js'

// the values that the hash's author gives in its source
test('the published values of hashlittle', () => {
  expect(lookup3(new Uint8Array(0))).toBe(0xdeadbeef)
  expect(lookup3(Buffer.from('Four score and seven years ago'))).toBe(0x17770551)
})
