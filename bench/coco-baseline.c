// Times the C COCO mask library (maskApi.c, not part of this repository) on masks that the benchmark passes in.
//
// usage: coco-baseline decode|encode|iou|polygon|write|read < input
// input: groups, each `G n b`, b block sizes that add up to n, then n items. A mask is `M h w m` and m counts; a polygon
// is `P h w k` and 2 k numbers.
// output: one line a group, the best nanoseconds of processor time of a pass over it, measured as bench/harness.ts does. iou takes
// all pairs within each block.
#include "maskApi.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void rleEncode(RLE *R, const byte *M, siz h, siz w, siz n);
void rleDecode(const RLE *R, byte *M, siz n);
void rleIou(RLE *dt, RLE *gt, siz m, siz n, byte *iscrowd, double *o);
void rleFrPoly(RLE *R, const double *xy, siz k, siz h, siz w);
char *rleToString(const RLE *R);
void rleFrString(RLE *R, char *s, siz h, siz w);

typedef struct {
  RLE rle;
  byte *pixels;
  char *text;
  double *xy;
  siz k;
} Item;

static volatile double sink;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

static int n, blocks, *blockSizes;

static void pass(const char *op, Item *items, byte *out, double *matrix, RLE *rles) {
  RLE made;
  if (!strcmp(op, "iou")) {
    for (int b = 0; b < blocks; rles += blockSizes[b++]) {
      rleIou(rles, rles, blockSizes[b], blockSizes[b], NULL, matrix);
      sink += matrix[0];
    }
    return;
  }
  for (int i = 0; i < n; i++) {
    Item *it = items + i;
    siz h = it->rle.h, w = it->rle.w;
    if (!strcmp(op, "decode")) {
      rleDecode(&it->rle, out, 1);
      sink += out[0];
    } else if (!strcmp(op, "write")) {
      char *text = rleToString(&it->rle);
      sink += text[0];
      free(text);
    } else {
      if (!strcmp(op, "encode")) rleEncode(&made, it->pixels, h, w, 1);
      else if (!strcmp(op, "polygon")) rleFrPoly(&made, it->xy, it->k, h, w);
      else rleFrString(&made, it->text, h, w);
      sink += made.m;
      free(made.cnts);
    }
  }
}

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  while (scanf(" G %d %d", &n, &blocks) == 2) {
    blockSizes = calloc(blocks, sizeof(int));
    for (int b = 0; b < blocks; b++) if (scanf("%d", blockSizes + b) != 1) return 1;
    Item *items = calloc(n, sizeof(Item));
    RLE *rles = calloc(n, sizeof(RLE));
    siz most = 1;
    for (int i = 0; i < n; i++) {
      char kind;
      siz h, w, m;
      if (scanf(" %c %lu %lu %lu", &kind, &h, &w, &m) != 4) return 1;
      Item *it = items + i;
      it->rle.h = h;
      it->rle.w = w;
      if (h * w > most) most = h * w;
      if (kind == 'P') {
        it->k = m;
        it->xy = malloc(sizeof(double) * 2 * m);
        for (siz j = 0; j < 2 * m; j++) if (scanf("%lf", it->xy + j) != 1) return 1;
      } else {
        it->rle.m = m;
        it->rle.cnts = malloc(sizeof(uint) * m);
        for (siz j = 0; j < m; j++) if (scanf("%u", it->rle.cnts + j) != 1) return 1;
        if (!strcmp(argv[1], "encode")) {
          it->pixels = malloc(h * w);
          rleDecode(&it->rle, it->pixels, 1);
        }
        it->text = rleToString(&it->rle);
      }
      rles[i] = it->rle;
    }
    byte *out = malloc(most);
    double *matrix = malloc(sizeof(double) * n * n);
    double best = 1e300, spent = 0;
    int calls = 1;
    for (int warm = 0; warm < 3;) {
      double start = now();
      for (int c = 0; c < calls; c++) pass(argv[1], items, out, matrix, rles);
      double ns = now() - start;
      if (ns >= 5e6) warm++;
      else calls = ns < 5e5 ? calls * 10 : (int)(calls * 6e6 / ns) + 1;
    }
    for (int b = 0; b < 40 && (b < 3 || spent < 2e9); b++) {
      double start = now();
      for (int c = 0; c < calls; c++) pass(argv[1], items, out, matrix, rles);
      double ns = now() - start;
      spent += ns;
      if (ns / calls < best) best = ns / calls;
    }
    printf("%.1f\n", best);
    fflush(stdout);
    for (int i = 0; i < n; i++) free(items[i].rle.cnts), free(items[i].pixels), free(items[i].text), free(items[i].xy);
    free(items), free(rles), free(blockSizes), free(out), free(matrix);
  }
  return 0;
}
