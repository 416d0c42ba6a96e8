/* The native build's Node-API addon: run(memory, kernel, arguments, part, parts) and address(array). It keeps no state, so devices do not meet. */
#include "kernels.c"
#include <node_api.h>

#ifdef __x86_64__
#include <cpuid.h>

/* Whether the processor and its system have what this file was compiled for: x86-64-v4 where W is 16, else x86-64-v3. */
static int runs_here(void) {
  unsigned a, b, c, d, extended, low, high;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
  const unsigned first = 1u << 12 | 1u << 22 | 1u << 27 | 1u << 28 | 1u << 29; /* fma, movbe, osxsave, avx, f16c */
  if ((c & first) != first || !__get_cpuid(0x80000001, &a, &b, &extended, &d) || !(extended & 1u << 5)) return 0;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  const unsigned registers = W == 16 ? 0xe6 : 0x06; /* those that the system saves */
  if ((low & registers) != registers || !__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
  unsigned needed = 1u << 3 | 1u << 5 | 1u << 8;                                       /* bmi1, avx2, bmi2 */
  if (W == 16) needed |= 1u << 16 | 1u << 17 | 1u << 28 | 1u << 30 | 1u << 31; /* avx512 f, dq, cd, bw, vl */
  return (b & needed) == needed;
}
#else
static int runs_here(void) { return 1; }
#endif

static napi_value run(napi_env env, napi_callback_info info) {
  size_t n = 5;
  napi_value values[5];
  uint32_t v[4] = {0, 0, 0, 1};
  void *memory = 0;
  if (napi_get_cb_info(env, info, &n, values, 0, 0) != napi_ok ||
      napi_get_typedarray_info(env, values[0], 0, 0, &memory, 0, 0) != napi_ok) {
    napi_throw_type_error(env, 0, "run needs a typed array over the shared memory");
    return 0;
  }
  for (size_t i = 0; i < 4; i++) napi_get_value_uint32(env, values[i + 1], &v[i]);
  run_kernel((int)v[0], (float *)memory, v[1], (int)v[2], (int)v[3]);
  return 0;
}

/* address(array): where a typed array's elements lie. */
static napi_value address(napi_env env, napi_callback_info info) {
  size_t n = 1;
  napi_value array, number;
  void *data = 0;
  if (napi_get_cb_info(env, info, &n, &array, 0, 0) != napi_ok ||
      napi_get_typedarray_info(env, array, 0, 0, &data, 0, 0) != napi_ok ||
      napi_create_double(env, (double)(uintptr_t)data, &number) != napi_ok) {
    napi_throw_type_error(env, 0, "address needs a typed array");
    return 0;
  }
  return number;
}

/* Whether the processor has the products of gemm-half.h. */
static int has_half_products(void) {
#ifdef HALF_PRODUCTS
  unsigned a, b, c, d;
  return runs_here() && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & 1u << 5);
#else
  return 0;
#endif
}

/* INTERFACE in load-build.ts: counts up when what kernels are handed changes, as a file of older sources might read what is not there. */
#define INTERFACE 3

NAPI_MODULE_INIT() {
  napi_value f;
  napi_create_function(env, "address", NAPI_AUTO_LENGTH, address, 0, &f);
  napi_set_named_property(env, exports, "address", f);
  napi_create_function(env, "run", NAPI_AUTO_LENGTH, run, 0, &f);
  napi_set_named_property(env, exports, "run", f);
  napi_value runs;
  napi_get_boolean(env, runs_here(), &runs);
  napi_set_named_property(env, exports, "runsHere", runs);
  napi_value half;
  napi_get_boolean(env, has_half_products(), &half);
  napi_set_named_property(env, exports, "bfloat16", half);
  napi_value interface;
  napi_create_uint32(env, INTERFACE, &interface);
  napi_set_named_property(env, exports, "interface", interface);
  return exports;
}
