/* The native build's Node-API addon: attach(memory) once a thread, then run(kernel, arguments, part, parts). */
#include "kernels.c"
#include <node_api.h>

/* One a thread: each worker loads the addon and attaches the same shared memory. */
static _Thread_local float *base;

static napi_value attach(napi_env env, napi_callback_info info) {
  size_t n = 1;
  napi_value argument;
  void *data = 0;
  if (napi_get_cb_info(env, info, &n, &argument, 0, 0) != napi_ok ||
      napi_get_typedarray_info(env, argument, 0, 0, &data, 0, 0) != napi_ok)
    napi_throw_type_error(env, 0, "attach needs a typed array over the shared memory");
  base = (float *)data;
  return 0;
}

static napi_value run(napi_env env, napi_callback_info info) {
  size_t n = 4;
  napi_value values[4];
  uint32_t v[4] = {0, 0, 0, 1};
  napi_get_cb_info(env, info, &n, values, 0, 0);
  for (size_t i = 0; i < 4; i++) napi_get_value_uint32(env, values[i], &v[i]);
  run_kernel((int)v[0], base, v[1], (int)v[2], (int)v[3]);
  return 0;
}

NAPI_MODULE_INIT() {
  napi_value f;
  napi_create_function(env, "attach", NAPI_AUTO_LENGTH, attach, 0, &f);
  napi_set_named_property(env, exports, "attach", f);
  napi_create_function(env, "run", NAPI_AUTO_LENGTH, run, 0, &f);
  napi_set_named_property(env, exports, "run", f);
  return exports;
}
