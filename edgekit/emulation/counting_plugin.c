/* SPDX-License-Identifier: MIT
 *
 * A plugin for QEMU's user mode that counts the AArch64 instructions a program executes, by class,
 * and the bytes that it loads and stores. It needs no header of QEMU's: the functions of the
 * plugin interface 1 (QEMU 7.2 to 8.x) that it uses are declared below.
 *
 *   cc -O2 -fPIC -shared -fvisibility=hidden -o counting.so counting_plugin.c
 *   qemu-aarch64 -plugin counting.so,out=FILE PROGRAM
 *
 * The program marks a point with the system call 0x5EED0, which no kernel has: each appends one
 * line of JSON to FILE with all that was counted until then. Counting, which is slow, starts soon
 * after the first marker, so that the first pair of markers is of no use. Counters are plain
 * numbers: the counts are right for a program that computes in one thread between two markers.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

/* --- the interface, of QEMU's include/qemu/qemu-plugin.h ------------------------------------- */

typedef uint64_t plugin_id;
typedef uint32_t mem_info;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef struct {
    const char *target_name;
    struct { int min, cur; } version;
    bool system_emulation;
    struct { int smp_vcpus, max_vcpus; } system;
} plugin_info;
enum { INLINE_ADD_U64 };
enum { NO_REGISTERS };
enum { READ_AND_WRITE = 3 };

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *);
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id, void (*)(plugin_id, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *, int, void *, uint64_t);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *,
    void (*)(unsigned, mem_info, uint64_t, void *), int, int, void *);
void qemu_plugin_register_vcpu_syscall_cb(plugin_id,
    void (*)(plugin_id, unsigned, int64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
             uint64_t, uint64_t, uint64_t));
void qemu_plugin_reset(plugin_id, void (*)(plugin_id));
unsigned qemu_plugin_mem_size_shift(mem_info);
bool qemu_plugin_mem_is_store(mem_info);

EXPORT int qemu_plugin_version = 1;

/* --- classes, of the encodings in the Arm Architecture Reference Manual, chapter C4.1 -------- */

enum { LOAD, STORE, BRANCH, DOT, MATRIX, FLOAT_MAC, INTEGER_MAC, VECTOR, OTHER, CLASSES };
static const char *const NAMES[CLASSES] = {
    "loads", "stores", "branches", "dot_products", "matrix_products", "float_macs",
    "integer_macs", "other_vector", "other",
};

static const struct { uint32_t mask, value; int class; } MULTIPLIES[] = {
    {0x9F20FC00, 0x0E009400, DOT},         /* SDOT, UDOT: vectors */
    {0x9FC0F400, 0x0F80E000, DOT},         /* SDOT, UDOT: by element */
    {0xBFE0FC00, 0x0E809C00, DOT},         /* USDOT: vectors */
    {0xBF40F400, 0x0F00F000, DOT},         /* SUDOT, USDOT: by element */
    {0xBFE0FC00, 0x2E40FC00, DOT},         /* BFDOT: vectors */
    {0xBFC0F400, 0x0F40F000, DOT},         /* BFDOT: by element */
    {0xDFE0F400, 0x4E80A400, MATRIX},      /* SMMLA, UMMLA, USMMLA */
    {0xFFE0FC00, 0x6E40EC00, MATRIX},      /* BFMMLA */
    {0xBF20FC00, 0x0E20CC00, FLOAT_MAC},   /* FMLA, FMLS: vectors, single and double */
    {0xBF60FC00, 0x0E400C00, FLOAT_MAC},   /* FMLA, FMLS: vectors, half */
    {0xBF80B400, 0x0F801000, FLOAT_MAC},   /* FMLA, FMLS: by element, single and double */
    {0xBFC0B400, 0x0F001000, FLOAT_MAC},   /* FMLA, FMLS: by element, half */
    {0xFF000000, 0x1F000000, FLOAT_MAC},   /* FMADD and its kin: scalars */
    {0x9F20FC00, 0x0E209400, INTEGER_MAC}, /* MLA, MLS: vectors */
    {0xBF20FC00, 0x0E209C00, INTEGER_MAC}, /* MUL: vectors */
    {0x9F20DC00, 0x0E208000, INTEGER_MAC}, /* SMLAL, SMLSL, UMLAL, UMLSL: vectors */
    {0x9F20FC00, 0x0E20C000, INTEGER_MAC}, /* SMULL, UMULL: vectors */
    {0xBF00B400, 0x2F000000, INTEGER_MAC}, /* MLA, MLS: by element */
    {0xBF00F400, 0x0F008000, INTEGER_MAC}, /* MUL: by element */
    {0x9F00B400, 0x0F002000, INTEGER_MAC}, /* SMLAL, SMLSL, UMLAL, UMLSL: by element */
    {0x9F00F400, 0x0F00A000, INTEGER_MAC}, /* SMULL, UMULL: by element */
};

static int load_or_store(uint32_t word) {
    if ((word & 0x3B000000) == 0x18000000)
        return LOAD; /* of a literal */
    if ((word & 0x3E000000) == 0x38000000) /* one integer register: 0 is a store, 1 to 3 are loads */
        return word & 0x00C00000 ? LOAD : STORE;
    return word & 0x00400000 ? LOAD : STORE;
}

/* Return the class of an instruction word; exported for tests. */
EXPORT int class_of(uint32_t word) {
    if ((word & 0x0A000000) == 0x08000000)
        return load_or_store(word);
    if ((word & 0x1C000000) == 0x14000000)
        return BRANCH;
    if ((word & 0x0E000000) != 0x0E000000)
        return OTHER;
    for (size_t i = 0; i < sizeof MULTIPLIES / sizeof *MULTIPLIES; i++)
        if ((word & MULTIPLIES[i].mask) == MULTIPLIES[i].value)
            return MULTIPLIES[i].class;
    return VECTOR;
}

EXPORT const char *class_name(int class) { return NAMES[class]; }

/* --- counting --------------------------------------------------------------------------------- */

static const int64_t MARKER = 0x5EED0;
static uint64_t counts[CLASSES], load_bytes, store_bytes;
static bool counting;
static FILE *out;

static void on_access(unsigned cpu, mem_info info, uint64_t address, void *unused) {
    (void)cpu, (void)address, (void)unused;
    *(qemu_plugin_mem_is_store(info) ? &store_bytes : &load_bytes)
        += UINT64_C(1) << qemu_plugin_mem_size_shift(info);
}

static void on_translation(plugin_id id, struct qemu_plugin_tb *block) {
    uint64_t found[CLASSES] = {0};
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++) {
        struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
        uint32_t word;
        memcpy(&word, qemu_plugin_insn_data(instruction), sizeof word);
        int class = class_of(word);
        found[class]++;
        if (class == LOAD || class == STORE)
            qemu_plugin_register_vcpu_mem_cb(
                instruction, on_access, NO_REGISTERS, READ_AND_WRITE, NULL);
    }
    for (int i = 0; i < CLASSES; i++)
        if (found[i])
            qemu_plugin_register_vcpu_tb_exec_inline(block, INLINE_ADD_U64, &counts[i], found[i]);
}

static void start_counting(plugin_id id);

static void on_system_call(plugin_id id, unsigned cpu, int64_t number, uint64_t a1, uint64_t a2,
                           uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6, uint64_t a7,
                           uint64_t a8) {
    (void)cpu, (void)a1, (void)a2, (void)a3, (void)a4, (void)a5, (void)a6, (void)a7, (void)a8;
    if (number != MARKER)
        return;
    if (!counting) {
        counting = true;
        qemu_plugin_reset(id, start_counting); /* forgets all code that was translated before */
    }
    fprintf(out, "{\"load_bytes\": %llu, \"store_bytes\": %llu", (unsigned long long)load_bytes,
            (unsigned long long)store_bytes);
    for (int i = 0; i < CLASSES; i++)
        fprintf(out, ", \"%s\": %llu", NAMES[i], (unsigned long long)counts[i]);
    fprintf(out, "}\n");
    fflush(out);
}

static void start_counting(plugin_id id) {
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_vcpu_syscall_cb(id, on_system_call);
}

EXPORT int qemu_plugin_install(plugin_id id, const plugin_info *info, int argc, char **argv) {
    if (info->system_emulation || strcmp(info->target_name, "aarch64") != 0) {
        fprintf(stderr, "counting: this plugin counts instructions of qemu-aarch64 only\n");
        return 1;
    }
    if (argc != 1 || strncmp(argv[0], "out=", 4) != 0 || !(out = fopen(argv[0] + 4, "w"))) {
        fprintf(stderr, "counting: out=FILE must name a file that can be written\n");
        return 1;
    }
    qemu_plugin_register_vcpu_syscall_cb(id, on_system_call);
    return 0;
}
