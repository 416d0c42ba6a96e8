import { sharedCode } from '../queue/scope.js'

/** Philox 4×32-10 as in `numeric/philox.ts`: the same words, bit for bit. WGSL has no wide product, so it is made of halves. */
export const PHILOX = sharedCode(
  'philox',
  /* wgsl */ `
fn multiply_high(a: u32, b: u32) -> u32 {
  let a0 = a & 0xffffu;
  let a1 = a >> 16u;
  let b0 = b & 0xffffu;
  let b1 = b >> 16u;
  let middle = a1 * b0 + ((a0 * b0) >> 16u);
  let cross = a0 * b1 + (middle & 0xffffu);
  return a1 * b1 + (middle >> 16u) + (cross >> 16u);
}

fn philox(seed: u32, purpose: u32, block: u32, row: u32, step: u32) -> vec4u {
  var c = vec4u(block, row, step, 0u);
  var key = vec2u(seed, purpose);
  for (var round = 0u; round < 10u; round++) {
    let high0 = multiply_high(0xd2511f53u, c.x);
    let low0 = 0xd2511f53u * c.x;
    let high1 = multiply_high(0xcd9e8d57u, c.z);
    let low1 = 0xcd9e8d57u * c.z;
    c = vec4u(high1 ^ c.y ^ key.x, low1, high0 ^ c.w ^ key.y, low0);
    key += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}

// the upper 24 bits of a word as a number in [0, 1)
fn unit(word: u32) -> f32 { return f32(word >> 8u) * 5.9604644775390625e-8; }
`,
)
