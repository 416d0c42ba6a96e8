/* The WebAssembly build's one export. Memory is imported and shared; each thread's instance is given its own stack. */
#define W 4
#include "kernels.c"

__attribute__((export_name("run"))) void run(int kernel, uint32_t arguments, int part, int parts) {
  /* the shared memory starts at address 0, which C must not know to be a null pointer */
  float *base = 0;
  __asm__("" : "+r"(base));
  run_kernel(kernel, base, arguments, part, parts);
}
