// An HDF5 filter that decompresses LZF, the fast compression of h5py. The one of h5wasm-plugins wants a C library's errno when a
// chunk is larger than the file says, which h5py leaves out for strings of variable length, and ends the process without it.
#include <stddef.h>

#define FILTER_LZF 32000
#define FLAG_REVERSE 0x0100
#define FILTER_PLUGIN 0

void *malloc(size_t size);
void free(void *memory);

// HDF5's H5Z_class2_t
typedef size_t filter_function(unsigned flags, size_t n_values, const unsigned *values, size_t n, size_t *size, void **buffer);
struct filter_class {
  int version;
  int id;
  unsigned encodes;
  unsigned decodes;
  const char *name;
  void *can_apply;
  void *set_local;
  filter_function *filter;
};

// One pass over the input: a control byte below 32 is a run of literals; any other is a copy of 3 bytes or more from at most
// 8192 bytes back, with a further length byte where its three bits of length are all set. Without `out` only the size is found;
// 0 means damage.
static size_t decompress(const unsigned char *in, size_t n, unsigned char *out) {
  size_t written = 0;
  for (size_t at = 0; at < n;) {
    const unsigned control = in[at++];
    if (control < 32) {
      const size_t length = control + 1;
      if (length > n - at) return 0;
      if (out) for (size_t k = 0; k < length; k++) out[written + k] = in[at + k];
      at += length;
      written += length;
      continue;
    }
    size_t length = control >> 5;
    if (length == 7) {
      if (at == n) return 0;
      length += in[at++];
    }
    length += 2;
    if (at == n) return 0;
    const size_t back = ((size_t)(control & 31) << 8) + in[at++] + 1;
    if (back > written) return 0;
    // byte by byte: a copy may reach into what it writes
    if (out) for (size_t k = 0; k < length; k++) out[written + k] = out[written + k - back];
    written += length;
  }
  return written;
}

static size_t lzf(unsigned flags, size_t n_values, const unsigned *values, size_t n, size_t *size, void **buffer) {
  (void)n_values;
  (void)values;
  if (!(flags & FLAG_REVERSE)) return 0;
  const size_t length = decompress(*buffer, n, NULL);
  unsigned char *out = length ? malloc(length) : NULL;
  if (!out) return 0;
  decompress(*buffer, n, out);
  free(*buffer);
  *buffer = out;
  *size = length;
  return length;
}

static const struct filter_class LZF = {1, FILTER_LZF, 0, 1, "lzf", NULL, NULL, lzf};

int H5PLget_plugin_type(void) { return FILTER_PLUGIN; }

const void *H5PLget_plugin_info(void) { return &LZF; }
