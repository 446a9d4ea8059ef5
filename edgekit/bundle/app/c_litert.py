"""C on LiteRT's CompiledModel, with the few declarations that it needs and no header."""

from __future__ import annotations

from edgekit.bundle.app import c_program
from edgekit.bundle.app.facts import AppFacts

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


def files(facts: AppFacts) -> dict[str, str]:
    """Return the files of the C program by name."""
    return c_program.files(facts, _classifier(facts), "LiteRt")


def _classifier(facts: AppFacts) -> str:
    given, found = (c_program.TYPES[each.dtype] for each in (facts.image, facts.scores))
    return "\n".join([
        *c_program.head(facts, "LiteRT", "libLiteRt.so"),
        _LIBRARY,
        "int classifier_run(Classifier *self, const uint8_t *rgb,",
        "                   float scores[CLASSIFIER_CLASSES]) {",
        "  void *place;",
        "  if (LiteRtLockTensorBuffer(self->input, &place, WRITE)) return 1;",
        f"  {given} *in = place;",
        *c_program.fill(facts),
        "  if (LiteRtUnlockTensorBuffer(self->input) ||",
        "      LiteRtRunCompiledModel(self->compiled, 0, 1, &self->input, 1, &self->output) ||",
        "      LiteRtLockTensorBuffer(self->output, &place, READ))",
        "    return 1;",
        f"  const {found} *out = place;",
        *c_program.take(facts),
        "  return LiteRtUnlockTensorBuffer(self->output);",
        "}",
        "",
    ])  # fmt: skip
