/*
 * Sums of the distances from each cell to the cells of each class. Cells stand class by class, in tiles of CLASS_TILE of one class: coordinate
 * by coordinate, so that a cell meets a tile in vectors. The last tile of a class may have places without a cell.
 */
#include "arguments.h"

#define CLASS_TILE 16
#define CLASS_VECS (CLASS_TILE / W)
/* Cells that meet a tile together. */
#define CLASS_ROWS 4
/* Tiles whose distances are summed in single precision. */
#define CLASS_RUN 32

KERNEL class_distances(const Call *c) {
  ClassDistancesArgs a = class_distances_args(c);
  int first, last;
  share(c, a.count, CLASS_ROWS, &first, &last);
  for (int r0 = first; r0 < last; r0 += CLASS_ROWS) {
    const float *rows[CLASS_ROWS];
    for (int r = 0; r < CLASS_ROWS; r++) {
      int row = a.first + (r0 + r < last ? r0 + r : last - 1), place = a.places[row];
      rows[r] = a.tiles + (intptr_t)(place / CLASS_TILE) * CLASS_TILE * a.dims + place % CLASS_TILE;
    }
    for (int k = 0; k < a.classes; k++) {
      double total[CLASS_ROWS] = {0};
      for (int from = a.tile_starts[k]; from < a.tile_starts[k + 1]; from += CLASS_RUN) {
        int to = from + CLASS_RUN < a.tile_starts[k + 1] ? from + CLASS_RUN : a.tile_starts[k + 1];
        vec run[CLASS_ROWS] = {0};
        for (int t = from; t < to; t++) {
          const float *tile = a.tiles + (intptr_t)t * CLASS_TILE * a.dims;
          vec squared[CLASS_ROWS][CLASS_VECS] = {0};
          for (int f = 0; f < a.dims; f++)
            for (int v = 0; v < CLASS_VECS; v++) {
              vec x = load(tile + f * CLASS_TILE + v * W);
              for (int r = 0; r < CLASS_ROWS; r++) {
                vec d = x - rows[r][f * CLASS_TILE];
                squared[r][v] = multiply_add(d, d, squared[r][v]);
              }
            }
          int filled = t + 1 < a.tile_starts[k + 1] ? CLASS_TILE : a.sizes[k] - (t - a.tile_starts[k]) * CLASS_TILE;
          for (int v = 0; v < CLASS_VECS; v++) {
            int lanes = filled - v * W;
            if (lanes <= 0) break;
            for (int r = 0; r < CLASS_ROWS; r++) {
              vec d = vsqrt(squared[r][v]);
              run[r] += lanes < W ? first_lanes(d, lanes) : d;
            }
          }
        }
        for (int r = 0; r < CLASS_ROWS; r++) total[r] += (double)sum(run[r]);
      }
      for (int r = 0; r < CLASS_ROWS && r0 + r < last; r++) a.sums[(intptr_t)(r0 + r) * a.classes + k] = (float)total[r];
    }
  }
}
