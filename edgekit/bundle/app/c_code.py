"""C on LiteRT's CompiledModel, with the few declarations that it needs and no header."""

from __future__ import annotations

from edgekit.bundle.app.facts import AppFacts, numbers

_TYPES = {"float32": "float", "uint8": "uint8_t", "int8": "int8_t"}
_LIMITS = {"uint8": (0, 255), "int8": (-128, 127)}

HEADER = """\
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

_LIBRARY = """\
typedef void *H;  // any handle of LiteRT; its functions return 0 on success
// As in litert/c/*.h of LiteRT 2.3; include those instead where you have them.
extern int LiteRtCreateEnvironment(int, const void *, H *);
extern int LiteRtCreateModelFromFile(H, const char *, H *);
extern int LiteRtCreateOptions(H *);
extern int LiteRtSetOptionsHardwareAccelerators(H, int);
extern int LiteRtCreateCompiledModel(H, H, H, H *);
extern int LiteRtGetModelSignature(H, size_t, H *);
extern int LiteRtGetSignatureInputTensorByIndex(H, size_t, H *);
extern int LiteRtGetSignatureOutputTensorByIndex(H, size_t, H *);
extern int LiteRtGetRankedTensorType(H, void *);
extern int LiteRtGetCompiledModelInputBufferRequirements(H, size_t, size_t, H *);
extern int LiteRtGetCompiledModelOutputBufferRequirements(H, size_t, size_t, H *);
extern int LiteRtCreateManagedTensorBufferFromRequirements(H, const void *, H, H *);
extern int LiteRtLockTensorBuffer(H, void **, int);
extern int LiteRtUnlockTensorBuffer(H);
extern int LiteRtRunCompiledModel(H, size_t, size_t, H *, size_t, H *);
extern void LiteRtDestroyTensorBuffer(H);
extern void LiteRtDestroyCompiledModel(H);
extern void LiteRtDestroyOptions(H);
extern void LiteRtDestroyModel(H);
extern void LiteRtDestroyEnvironment(H);
enum { CPU = 1, READ = 0, WRITE = 1 };

struct Classifier {
  H environment, model, options, compiled, input, output;
};

static int make_buffers(Classifier *self) {
  H env = self->environment, signature, tensor, needs;
  _Alignas(16) unsigned char type[512];  // a LiteRtRankedTensorType, which is smaller
  return LiteRtGetModelSignature(self->model, 0, &signature) ||
         LiteRtGetSignatureInputTensorByIndex(signature, 0, &tensor) ||
         LiteRtGetRankedTensorType(tensor, type) ||
         LiteRtGetCompiledModelInputBufferRequirements(self->compiled, 0, 0, &needs) ||
         LiteRtCreateManagedTensorBufferFromRequirements(env, type, needs, &self->input) ||
         LiteRtGetSignatureOutputTensorByIndex(signature, 0, &tensor) ||
         LiteRtGetRankedTensorType(tensor, type) ||
         LiteRtGetCompiledModelOutputBufferRequirements(self->compiled, 0, 0, &needs) ||
         LiteRtCreateManagedTensorBufferFromRequirements(env, type, needs, &self->output);
}

Classifier *classifier_open(const char *model_path) {
  Classifier *self = calloc(1, sizeof *self);
  if (self == NULL) return NULL;
  if (LiteRtCreateEnvironment(0, NULL, &self->environment) ||
      LiteRtCreateModelFromFile(self->environment, model_path, &self->model) ||
      LiteRtCreateOptions(&self->options) ||
      LiteRtSetOptionsHardwareAccelerators(self->options, CPU) ||
      LiteRtCreateCompiledModel(self->environment, self->model, self->options, &self->compiled) ||
      make_buffers(self)) {
    classifier_close(self);
    return NULL;
  }
  return self;
}

void classifier_close(Classifier *self) {
  if (self == NULL) return;
  if (self->output) LiteRtDestroyTensorBuffer(self->output);
  if (self->input) LiteRtDestroyTensorBuffer(self->input);
  if (self->compiled) LiteRtDestroyCompiledModel(self->compiled);
  if (self->options) LiteRtDestroyOptions(self->options);
  if (self->model) LiteRtDestroyModel(self->model);
  if (self->environment) LiteRtDestroyEnvironment(self->environment);
  free(self);
}
"""

MAIN = """\
// classify MODEL IMAGE.ppm: prints every class and its score, an image of the model's size.
#include <stdio.h>

#include "classifier.h"

int main(int argc, char **argv) {
  static uint8_t pixels[CLASSIFIER_SIDE * CLASSIFIER_SIDE * 3];
  float scores[CLASSIFIER_CLASSES];
  int width, height, most;
  FILE *file = argc == 3 ? fopen(argv[2], "rb") : NULL;
  if (file == NULL || fscanf(file, "P6 %d %d %d", &width, &height, &most) != 3 || most != 255 ||
      width != CLASSIFIER_SIDE || height != CLASSIFIER_SIDE || fgetc(file) == EOF ||
      fread(pixels, 1, sizeof pixels, file) != sizeof pixels) {
    fprintf(stderr, "usage: classify MODEL IMAGE.ppm, binary, of %dx%d pixels\\n", CLASSIFIER_SIDE,
            CLASSIFIER_SIDE);
    return 2;
  }
  fclose(file);
  Classifier *classifier = classifier_open(argv[1]);
  if (classifier == NULL || classifier_run(classifier, pixels, scores)) {
    fprintf(stderr, "cannot run %s\\n", argv[1]);
    return 1;
  }
  for (int i = 0; i < CLASSIFIER_CLASSES; i++) printf("%d %.9g\\n", i, scores[i]);
  classifier_close(classifier);
  return 0;
}
"""

CMAKE = """\
cmake_minimum_required(VERSION 3.16)
project(classify C)
set(CMAKE_C_STANDARD 11)
find_library(LITERT LiteRt REQUIRED)  # -DCMAKE_LIBRARY_PATH=where libLiteRt.so is
add_executable(classify main.c classifier.c)
target_link_libraries(classify PRIVATE ${LITERT} m)
"""


def files(facts: AppFacts) -> dict[str, str]:
    """Return the files of the C program by name."""
    return {
        "classifier.h": HEADER.format(side=facts.side, classes=facts.classes),
        "classifier.c": _classifier(facts),
        "main.c": MAIN,
        "CMakeLists.txt": CMAKE,
    }


def _classifier(facts: AppFacts) -> str:
    image, scores = facts.image, facts.scores
    given, found = _TYPES[image.dtype], _TYPES[scores.dtype]
    place = "pixel * 3 + c" if image.layout == "NHWC" else "c * SIDE * SIDE + pixel"
    store = [f"      in[{place}] = value;"]
    if image.scale is not None:
        low, high = _LIMITS[image.dtype]
        store = [
            f"      float step = nearbyintf(value / {image.scale!r}f) + {image.zero_point};",
            f"      in[{place}] = ({given})fmaxf({low}, fminf({high}, step));",
        ]
    real = "out[i]"
    if scores.scale is not None:
        real = f"(out[i] - {scores.zero_point}) * {scores.scale!r}f"
    return "\n".join([
        f"// {facts.file} on LiteRT. Link with libLiteRt.so.",
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
        _LIBRARY,
        "int classifier_run(Classifier *self, const uint8_t *rgb,",
        "                   float scores[CLASSIFIER_CLASSES]) {",
        "  void *place;",
        "  if (LiteRtLockTensorBuffer(self->input, &place, WRITE)) return 1;",
        f"  {given} *in = place;",
        "  for (int pixel = 0; pixel < SIDE * SIDE; pixel++)",
        "    for (int c = 0; c < 3; c++) {",
        "      float value = rgb[pixel * 3 + order[c]] * slope[c] + offset[c];",
        *store,
        "    }",
        "  if (LiteRtUnlockTensorBuffer(self->input) ||",
        "      LiteRtRunCompiledModel(self->compiled, 0, 1, &self->input, 1, &self->output) ||",
        "      LiteRtLockTensorBuffer(self->output, &place, READ))",
        "    return 1;",
        f"  const {found} *out = place;",
        f"  for (int i = 0; i < CLASSIFIER_CLASSES; i++) scores[i] = {real};",
        "  return LiteRtUnlockTensorBuffer(self->output);",
        "}",
        "",
    ])  # fmt: skip
