"""The C program around a classifier: its header, a main function, how it is built, conversions."""

from __future__ import annotations

from edgekit.bundle.app.facts import AppFacts, numbers

TYPES = {"float32": "float", "uint8": "uint8_t", "int8": "int8_t"}
"""C's element type by numpy's name."""
_LIMITS = {"uint8": (0, 255), "int8": (-128, 127)}

_HEADER = """\
// Classify images with one model file: see classifier.c.
#ifndef EDGEKIT_CLASSIFIER_H_
#define EDGEKIT_CLASSIFIER_H_

#include <stdint.h>

#define CLASSIFIER_SIDE {side}
#define CLASSIFIER_CLASSES {classes}

typedef struct Classifier Classifier;

// Loads a model file; NULL if that fails.
Classifier *classifier_open(const char *model_path);
// Scores an image of SIDE x SIDE pixels, 8-bit red, green, blue; 0 on success.
int classifier_run(Classifier *self, const uint8_t *rgb, float scores[CLASSIFIER_CLASSES]);
void classifier_close(Classifier *self);

#endif
"""

_MAIN = """\
// classify MODEL IMAGE.ppm [LABELS]: an image of the model's size; prints every class and its
// score, or with a file of class names, one a line, the best five.
#include <stdio.h>
#include <string.h>

#include "classifier.h"

static int read_image(const char *path, uint8_t *pixels, size_t size) {
  int width, height, most;
  FILE *file = fopen(path, "rb");
  if (file == NULL) return 1;
  int bad = fscanf(file, "P6 %d %d %d", &width, &height, &most) != 3 || most != 255 ||
            width != CLASSIFIER_SIDE || height != CLASSIFIER_SIDE || fgetc(file) == EOF ||
            fread(pixels, 1, size, file) != size;
  fclose(file);
  return bad;
}

static void print_label(const char *path, int wanted) {
  char line[256];
  FILE *file = fopen(path, "r");
  if (file == NULL) return;
  for (int i = 0; fgets(line, sizeof line, file) != NULL;) {
    size_t length = strlen(line);
    if (i == wanted) fputs(line, stdout);
    if (length > 0 && line[length - 1] == '\\n') i++;  // a longer line comes in pieces
  }
  fclose(file);
}

static void print_best(float scores[CLASSIFIER_CLASSES], const char *labels) {
  for (int n = 0; n < 5 && n < CLASSIFIER_CLASSES; n++) {
    int best = 0;
    for (int i = 1; i < CLASSIFIER_CLASSES; i++)
      if (scores[i] > scores[best]) best = i;
    printf("%.4f %d ", scores[best], best);
    print_label(labels, best);
    scores[best] = -3.4e38f;
  }
}

int main(int argc, char **argv) {
  static uint8_t pixels[CLASSIFIER_SIDE * CLASSIFIER_SIDE * 3];
  static float scores[CLASSIFIER_CLASSES];
  if (argc < 3 || argc > 4 || read_image(argv[2], pixels, sizeof pixels)) {
    fprintf(stderr, "usage: classify MODEL IMAGE.ppm [LABELS], binary, of %dx%d pixels\\n",
            CLASSIFIER_SIDE, CLASSIFIER_SIDE);
    return 2;
  }
  Classifier *classifier = classifier_open(argv[1]);
  if (classifier == NULL || classifier_run(classifier, pixels, scores)) {
    fprintf(stderr, "cannot run %s\\n", argv[1]);
    classifier_close(classifier);
    return 1;
  }
  if (argc == 4) {
    print_best(scores, argv[3]);
  } else {
    for (int i = 0; i < CLASSIFIER_CLASSES; i++) printf("%d %.9g\\n", i, scores[i]);
  }
  classifier_close(classifier);
  return 0;
}
"""

_CMAKE = """\
cmake_minimum_required(VERSION 3.16)
project(classify C)
set(CMAKE_C_STANDARD 11)
find_library(RUNTIME {library} REQUIRED)  # -DCMAKE_LIBRARY_PATH=where lib{library}.so is
add_executable(classify main.c classifier.c)
target_link_libraries(classify PRIVATE ${{RUNTIME}} m)
"""


def files(facts: AppFacts, classifier: str, library: str) -> dict[str, str]:
    """Return the files of a C program by name.

    Args:
        facts: of the model file.
        classifier: the text of classifier.c.
        library: name of the runtime's library, without ``lib`` and suffix.
    """
    return {
        "classifier.h": _HEADER.format(side=facts.side, classes=facts.classes),
        "classifier.c": classifier,
        "main.c": _MAIN,
        "CMakeLists.txt": _CMAKE.format(library=library),
    }


def head(facts: AppFacts, runtime: str, library: str) -> list[str]:
    """Return the first lines of classifier.c, up to the constants of this file."""
    return [
        f"// {facts.file} on {runtime}. Link with {library}.",
        '#include "classifier.h"',
        "",
        "#include <math.h>",
        "#include <stddef.h>",
        "#include <stdlib.h>",
        "",
        "enum { SIDE = CLASSIFIER_SIDE };",
        "// Of each channel: value = pixel * slope + offset; order is its place in RGB.",
        f"static const float slope[3] = {{{numbers(facts.slopes, 'f')}}};",
        f"static const float offset[3] = {{{numbers(facts.offsets, 'f')}}};",
        f"static const int order[3] = {{{', '.join(map(str, facts.order))}}};",
        "",
    ]


def fill(facts: AppFacts) -> list[str]:
    """Return statements that fill the array ``in`` from the pixels ``rgb``."""
    image = facts.image
    place = "pixel * 3 + c" if image.layout == "NHWC" else "c * SIDE * SIDE + pixel"
    store = [f"      in[{place}] = value;"]
    if image.scale is not None:
        low, high = _LIMITS[image.dtype]
        store = [
            f"      float step = nearbyintf(value / {image.scale!r}f) + {image.zero_point};",
            f"      in[{place}] = ({TYPES[image.dtype]})fmaxf({low}, fminf({high}, step));",
        ]
    return [
        "  for (int pixel = 0; pixel < SIDE * SIDE; pixel++)",
        "    for (int c = 0; c < 3; c++) {",
        "      float value = rgb[pixel * 3 + order[c]] * slope[c] + offset[c];",
        *store,
        "    }",
    ]


def take(facts: AppFacts) -> list[str]:
    """Return statements that fill ``scores`` from the array ``out``."""
    scores = facts.scores
    real = "out[i]"
    if scores.scale is not None:
        real = f"(out[i] - {scores.zero_point}) * {scores.scale!r}f"
    return [f"  for (int i = 0; i < CLASSIFIER_CLASSES; i++) scores[i] = {real};"]
