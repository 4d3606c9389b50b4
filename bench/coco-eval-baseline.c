// The mask part of the baseline of coco-eval.bench.ts: compressed COCO run lengths to runs, their areas and IoUs.
// Called from coco-eval-baseline.py through ctypes. Own code, with the work that the published C library does at the
// same place: every text is read again for every picture and category.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  uint32_t *ends;
  long n;
  long area;
  long box[4];
} Runs;

static Runs read_runs(const char *text, long height) {
  long length = (long)strlen(text), n = 0, end = 0, at = 0;
  long *counts = malloc(sizeof(long) * (length + 1));
  Runs runs = {malloc(sizeof(uint32_t) * (length + 1)), 0, 0, {0, 0, -1, -1}};
  runs.box[0] = runs.box[1] = INT32_MAX;
  while (at < length) {
    long value = 0;
    int shift = 0, group;
    do {
      group = text[at++] - 48;
      value |= (long)(group & 31) << shift;
      shift += 5;
    } while (group & 32);
    if (group & 16) value |= -1L << shift;
    if (n > 2) value += counts[n - 2];
    counts[n] = value;
    if (n % 2 && value) {
      long x0 = end / height, x1 = (end + value - 1) / height;
      long y0 = x0 == x1 ? end % height : 0, y1 = x0 == x1 ? (end + value - 1) % height : height - 1;
      if (x0 < runs.box[0]) runs.box[0] = x0;
      if (y0 < runs.box[1]) runs.box[1] = y0;
      if (x1 > runs.box[2]) runs.box[2] = x1;
      if (y1 > runs.box[3]) runs.box[3] = y1;
      runs.area += value;
    }
    runs.ends[n++] = end += value;
  }
  runs.n = n;
  free(counts);
  return runs;
}

static long common(const Runs *p, const Runs *q) {
  long i = 0, j = 0, pixels = 0, at = 0;
  while (i < p->n && j < q->n) {
    long next = p->ends[i] < q->ends[j] ? p->ends[i] : q->ends[j];
    if (i % 2 && j % 2) pixels += next - at;
    at = next;
    if (p->ends[i] == next) i++;
    if (q->ends[j] == next) j++;
  }
  return pixels;
}

long mask_area(const char *text, long height) {
  Runs runs = read_runs(text, height);
  free(runs.ends);
  return runs.area;
}

/** Row-major, detections by truths. */
void mask_ious(char **detections, long d, char **truths, long t, const uint8_t *crowd, long height, double *out) {
  Runs *p = malloc(sizeof(Runs) * (d + 1)), *q = malloc(sizeof(Runs) * (t + 1));
  for (long i = 0; i < d; i++) p[i] = read_runs(detections[i], height);
  for (long j = 0; j < t; j++) q[j] = read_runs(truths[j], height);
  for (long i = 0; i < d; i++) {
    for (long j = 0; j < t; j++) {
      int apart = p[i].box[0] > q[j].box[2] || q[j].box[0] > p[i].box[2] || p[i].box[1] > q[j].box[3] || q[j].box[1] > p[i].box[3];
      long both = apart ? 0 : common(p + i, q + j);
      out[i * t + j] = both ? (double)both / (crowd[j] ? p[i].area : p[i].area + q[j].area - both) : 0;
    }
  }
  for (long i = 0; i < d; i++) free(p[i].ends);
  for (long j = 0; j < t; j++) free(q[j].ends);
  free(p), free(q);
}
