/*
 * The cells nearest to points that are no cells themselves: every point against all cells, W of them at a time. Threads own points.
 */
#include "arguments.h"

/* Puts a cell in a list that ascends by distance; cells come in order, so that one as far as another goes after it. */
INLINE void put_near(float *squared, int32_t *rows, int k, float distance, int cell) {
  int at = k - 1;
  for (; at > 0 && squared[at - 1] > distance; at--) {
    squared[at] = squared[at - 1];
    rows[at] = rows[at - 1];
  }
  squared[at] = distance;
  rows[at] = cell;
}

KERNEL nearest_to_points(const Call *c) {
  NearestToPointsArgs a = nearest_to_points_args(c);
  int first, last;
  share(c, a.points, 1, &first, &last);
  for (int i = first; i < last; i++) {
    const float *point = a.point + (intptr_t)i * a.dims;
    float *squared = a.squared + (intptr_t)i * a.k;
    int32_t *rows = a.rows + (intptr_t)i * a.k;
    for (int r = 0; r < a.k; r++) squared[r] = __builtin_inff(), rows[r] = -1;
    for (int from = 0; from < a.padded; from += W) {
      vec distance = splat(0.0f);
      for (int f = 0; f < a.dims; f++) {
        vec difference = load(a.cell + (intptr_t)f * a.padded + from) - point[f];
        distance = multiply_add(difference, difference, distance);
      }
      for (uint32_t near = lane_bits(distance < splat(squared[a.k - 1])); near; near &= near - 1) {
        int l = __builtin_ctz(near), cell = from + l;
        if (cell != a.left_out[i] && cell < a.cells && distance[l] < squared[a.k - 1]) put_near(squared, rows, a.k, distance[l], cell);
      }
    }
  }
}
