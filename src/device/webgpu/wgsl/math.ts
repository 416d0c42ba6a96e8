import { sharedCode } from '../queue/scope.js'

/**
 * Elementary functions in WGSL, polynomial for polynomial those of the CPU device (`cpu/kernels/vec.h`): the built-in ones
 * may be off by 2⁻²¹ and differ from card to card, and a float32 likelihood sums thousands of them.
 */
export const MATH = sharedCode(
  'math',
  /* wgsl */ `
fn exp_(x: f32) -> f32 {
  let n = round(clamp(x * 1.44269504088896341, -126.0, 127.0));
  var r = x - n * 0.693359375;
  r = r - n * -2.12194440e-4;
  var q = 1.9875691500e-4 * r + 1.3981999507e-3;
  q = q * r + 8.3334519073e-3;
  q = q * r + 4.1665795894e-2;
  q = q * r + 1.6666665459e-1;
  q = q * r + 5.0000001201e-1;
  q = q * (r * r) + r + 1.0;
  let y = q * bitcast<f32>((i32(n) + 127) << 23u);
  return select(y, 0.0, x < -87.3);
}

// ln of (1 + m) 2^n for m from 1/√2 - 1 to √2 - 1
fn log_parts(m: f32, n: f32) -> f32 {
  let z = m * m;
  var q = 7.0376836292e-2 * m - 1.1514610310e-1;
  q = q * m + 1.1676998740e-1;
  q = q * m - 1.2420140846e-1;
  q = q * m + 1.4249322787e-1;
  q = q * m - 1.6668057665e-1;
  q = q * m + 2.0000714765e-1;
  q = q * m - 2.4999993993e-1;
  q = q * m + 3.3333331174e-1;
  var y = q * m * z;
  y = y + n * -2.12194440e-4;
  y = y - 0.5 * z;
  return m + y + n * 0.693359375;
}

fn log_(x: f32) -> f32 {
  let bits = bitcast<i32>(x);
  // an infinity or NaN goes through
  if ((bits & 0x7f800000) == 0x7f800000) { return x; }
  let e = (bits - 0x3f3504f3) >> 23u;
  return log_parts(bitcast<f32>(bits - (e << 23u)) - 1.0, f32(e));
}

// ln(1 + x): near 0 from x itself. Putting back the low bits that 1 + x loses, as the CPU does, is what compilers of
// shaders simplify to nothing.
fn log1p_(x: f32) -> f32 {
  if (x > -0.29 && x < 0.41) { return log_parts(x, 0.0); }
  return log_(1.0 + x);
}

fn softplus(x: f32) -> f32 { return max(x, 0.0) + log1p_(exp_(-abs(x))); }

fn sigmoid(x: f32) -> f32 {
  let e = exp_(-abs(x));
  let d = 1.0 / (1.0 + e);
  return select(e * d, d, x >= 0.0);
}
`,
)

/** cos 2πu for u from 0 to 1, as in `cpu/kernels/vec.h`. */
export const COS_TURN = sharedCode(
  'cos_turn',
  /* wgsl */ `
fn cos_turn(u: f32) -> f32 {
  let t = (u - 0.5) * 3.14159265358979;
  let t2 = t * t;
  var q = -2.3889859e-8 * t2 + 2.7525562e-6;
  q = q * t2 - 1.9840874e-4;
  q = q * t2 + 8.3333310e-3;
  q = q * t2 - 1.6666667e-1;
  let s = t + t * t2 * q;
  return 2.0 * s * s - 1.0;
}
`,
)

/** lnΓ(x + θ) − lnΓ(θ) and ψ(x + θ) − ψ(θ), as in `gamma_ratio` of `cpu/kernels/vec.h`. */
export const GAMMA_RATIO = sharedCode(
  'gamma_ratio',
  /* wgsl */ `
fn gamma_ratio(x: f32, theta: f32) -> vec2f {
  let b = x + theta;
  let pa = theta * (theta + 1.0);
  let qa = (theta + 2.0) * (theta + 3.0);
  let pb = b * (b + 1.0);
  let qb = (b + 2.0) * (b + 3.0);
  let ia = 1.0 / (pa * qa);
  let ib = 1.0 / (pb * qb);
  let ra = ((2.0 * theta + 1.0) * qa + (2.0 * theta + 5.0) * pa) * ia;
  let rb = ((2.0 * b + 1.0) * qb + (2.0 * b + 5.0) * pb) * ib;
  let shift = log_(pb * qb * ia);
  let s = theta + 4.0;
  let t = b + 4.0;
  let is = 1.0 / s;
  let it = 1.0 / t;
  let ratio = log1p_(x * is);
  let is2 = is * is;
  let it2 = it * it;
  let series_s = is * (8.3333333e-2 - is2 * (2.7777778e-3 - is2 * 7.9365079e-4));
  let series_t = it * (8.3333333e-2 - it2 * (2.7777778e-3 - it2 * 7.9365079e-4));
  let log_gamma = (s - 0.5) * ratio + x * (log_(t) - 1.0) + (series_t - series_s) - shift;
  let ds = is * (0.5 + is * (8.3333333e-2 - is2 * (8.3333333e-3 - is2 * 3.9682540e-3)));
  let dt = it * (0.5 + it * (8.3333333e-2 - it2 * (8.3333333e-3 - it2 * 3.9682540e-3)));
  return vec2f(log_gamma, ratio + (ds - dt) + (ra - rb));
}
`,
  MATH,
)
