"""C on ONNX Runtime's C API, by the places in its table of functions and with no header."""

from __future__ import annotations

import json

from edgekit.bundle.app import c_program
from edgekit.bundle.app.facts import AppFacts

_ELEMENTS = {"float32": 1, "uint8": 2, "int8": 3}  # ONNXTensorElementDataType

_LIBRARY = """\
typedef void *H;  // any handle of ONNX Runtime; its functions return NULL on success
struct OrtApiBase {
  void **(*get_api)(uint32_t version);
  const char *(*get_version)(void);
};
extern const struct OrtApiBase *OrtGetApiBase(void);
// Places in OrtApi, whose first version never changes; with onnxruntime_c_api.h, use its names.
enum {
  CREATE_ENV = 3, DISABLE_TELEMETRY = 6, CREATE_SESSION = 7, RUN = 9, CREATE_OPTIONS = 10,
  SET_THREADS = 24, CREATE_TENSOR = 49, TENSOR_DATA = 51, CPU_MEMORY = 69, FREE_ENV = 92,
  FREE_STATUS = 93, FREE_MEMORY = 94, FREE_SESSION = 95, FREE_VALUE = 96, FREE_OPTIONS = 100
};
enum { WARNINGS = 2, ARENA = 1, DEFAULT_MEMORY = 0 };
typedef H (*Run)(H, H, const char *const *, const H *, size_t, const char *const *, size_t, H *);
#define CALL(place, ...) ((H(*)(__VA_ARGS__))self->api[place])

struct Classifier {
  void **api;
  H env, options, session, memory, input;
  ELEMENT values[SIDE * SIDE * 3];
};

static int failed(Classifier *self, H status) {
  if (status != NULL) ((void (*)(H))self->api[FREE_STATUS])(status);
  return status != NULL;
}

static void release(Classifier *self, int place, H handle) {
  if (handle != NULL) ((void (*)(H))self->api[place])(handle);
}

static int make_session(Classifier *self, const char *path) {
  static const int64_t shape[4] = {SHAPE};
  return failed(self, CALL(CREATE_ENV, int, const char *, H *)(WARNINGS, "app", &self->env)) ||
         failed(self, CALL(DISABLE_TELEMETRY, H)(self->env)) ||
         failed(self, CALL(CREATE_OPTIONS, H *)(&self->options)) ||
         failed(self, CALL(SET_THREADS, H, int)(self->options, 1)) ||
         failed(self, CALL(CREATE_SESSION, H, const char *, H, H *)(self->env, path, self->options,
                                                                    &self->session)) ||
         failed(self, CALL(CPU_MEMORY, int, int, H *)(ARENA, DEFAULT_MEMORY, &self->memory)) ||
         failed(self, CALL(CREATE_TENSOR, H, void *, size_t, const int64_t *, size_t, int, H *)(
                          self->memory, self->values, sizeof self->values, shape, 4, TYPE,
                          &self->input));
}

Classifier *classifier_open(const char *model_path) {
  Classifier *self = calloc(1, sizeof *self);
  if (self == NULL) return NULL;
  self->api = OrtGetApiBase()->get_api(1);
  if (self->api == NULL || make_session(self, model_path)) {
    classifier_close(self);
    return NULL;
  }
  return self;
}

void classifier_close(Classifier *self) {
  if (self == NULL) return;
  if (self->api != NULL) {
    release(self, FREE_VALUE, self->input);
    release(self, FREE_MEMORY, self->memory);
    release(self, FREE_SESSION, self->session);
    release(self, FREE_OPTIONS, self->options);
    release(self, FREE_ENV, self->env);
  }
  free(self);
}
"""


def files(facts: AppFacts) -> dict[str, str]:
    """Return the files of the C program by name."""
    return c_program.files(facts, _classifier(facts), "onnxruntime")


def _classifier(facts: AppFacts) -> str:
    image, scores = facts.image, facts.scores
    sizes = (1, "SIDE", "SIDE", 3) if image.layout == "NHWC" else (1, 3, "SIDE", "SIDE")
    library = (
        _LIBRARY.replace("ELEMENT", c_program.TYPES[image.dtype])
        .replace("{SHAPE}", f"{{{', '.join(map(str, sizes))}}}")
        .replace("TYPE,", f"{_ELEMENTS[image.dtype]},")
    )
    return "\n".join([
        *c_program.head(facts, "ONNX Runtime", "libonnxruntime.so"),
        library,
        "int classifier_run(Classifier *self, const uint8_t *rgb,",
        "                   float scores[CLASSIFIER_CLASSES]) {",
        f"  {c_program.TYPES[image.dtype]} *in = self->values;",
        *c_program.fill(facts),
        f"  static const char *const given = {json.dumps(image.name)};",
        f"  static const char *const wanted = {json.dumps(scores.name)};",
        "  H output = NULL;",
        "  void *place = NULL;",
        "  H status = ((Run)self->api[RUN])(self->session, NULL, &given, &self->input, 1, &wanted,",
        "                                   1, &output);",
        "  if (failed(self, status)) return 1;",
        "  if (failed(self, CALL(TENSOR_DATA, H, void **)(output, &place))) {",
        "    release(self, FREE_VALUE, output);",
        "    return 1;",
        "  }",
        f"  const {c_program.TYPES[scores.dtype]} *out = place;",
        *c_program.take(facts),
        "  release(self, FREE_VALUE, output);",
        "  return 0;",
        "}",
        "",
    ])  # fmt: skip
