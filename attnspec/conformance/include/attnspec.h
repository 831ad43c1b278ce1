/* attnspec.h: a kernel in C or C++ as a program that attnspec judges.

       #include <attnspec.h>

       int main(void)
       {
           attnspec_call call;
           attnspec_start("{\"name\": \"mine\", \"claims\": [\"causal\"]}");
           while (attnspec_next(&call)) {
               kernel(&call);            reads arguments and options, sets results
               attnspec_answer(&call);
           }
           return 0;
       }

   cc -O2 -I "$(attnspec include)" mine.c -o mine -lm
   attnspec check --program ./mine

   It speaks version 1 of the protocol; docs/reference/protocol.md describes it.
   It needs C99 or C++11, and POSIX. Include it in one file of the program, before
   any other header. attnspec_start keeps the standard output for the protocol: from
   then on what the kernel prints goes to the standard error.

   The program ends with a message where a question is not what the protocol says. */

#ifndef ATTNSPEC_H
#define ATTNSPEC_H

#if defined(__STRICT_ANSI__) && !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200809L
#endif

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "attnspec.h: the protocol is little-endian, and this machine is not"
#endif

enum { ATTNSPEC_RANK = 8, ATTNSPEC_ARGUMENTS = 32, ATTNSPEC_RESULTS = 16 };

/* ---- What a program uses ---------------------------------------------------- */

typedef enum {
    ATTNSPEC_FLOAT64,
    ATTNSPEC_FLOAT32,
    ATTNSPEC_FLOAT16,
    ATTNSPEC_BFLOAT16,
    ATTNSPEC_INT64,
    ATTNSPEC_BOOL
} attnspec_format;

/* An argument or a result. An argument that is no array has a value instead. */
typedef struct {
    char name[64];
    attnspec_format format;
    int rank;
    int64_t shape[ATTNSPEC_RANK];
    int64_t strides[ATTNSPEC_RANK]; /* bytes from one element to the next */
    void *data;                     /* the first element; NULL if it is no array */
    const char *value;              /* JSON; NULL if it is an array */
} attnspec_array;

/* One call of the kernel. Everything in it is valid until it is answered. */
typedef struct {
    attnspec_array arguments[ATTNSPEC_ARGUMENTS]; /* operands, then options */
    attnspec_array results[ATTNSPEC_RESULTS];
    int argument_count, result_count;
    long long number;
    unsigned char *block; /* the memory in which all arguments lie */
    int64_t block_size;
    bool answered;
} attnspec_call;

/* Begin: say what the program is, as a description in JSON. */
static inline void attnspec_start(const char *description);

/* In place of attnspec_start: say why the program cannot be judged, and end it. */
static inline void attnspec_refuse(const char *why);

/* Wait for the next call; false if there is none, and the program is to end. */
static inline bool attnspec_next(attnspec_call *call);

/* Answer a call with its results. Does nothing if the call has been answered. */
static inline void attnspec_answer(attnspec_call *call);

/* Answer a call by what went wrong in it: "ValueError: no such width". */
static inline void attnspec_raise(attnspec_call *call, const char *text);

/* An operand or option; NULL if it is not given. */
static inline attnspec_array *attnspec_argument(attnspec_call *call, const char *name);

/* The same, as an array of these four axes: a missing axis, or one of length 1, has
   a stride of 0, as in NumPy's broadcasting. For masks and biases. */
static inline attnspec_array *attnspec_broadcast(attnspec_call *call, const char *name,
                                                 int64_t b, int64_t h, int64_t i,
                                                 int64_t j);

/* Whether an option is given and true. */
static inline bool attnspec_flag(attnspec_call *call, const char *name);

/* A number; `otherwise` if it is not given or null. */
static inline double attnspec_number(attnspec_call *call, const char *name,
                                     double otherwise);

/* A number out of a list, as the right side of a window; `otherwise` if it is null. */
static inline double attnspec_number_at(attnspec_call *call, const char *name,
                                        int index, double otherwise);

/* Whether an option is this text. */
static inline bool attnspec_is(attnspec_call *call, const char *name, const char *text);

/* A result; NULL if it is not asked for. It has the format asked for: float64 if any
   floating-point format will do. What is not set is NaN. */
static inline attnspec_array *attnspec_result(attnspec_call *call, const char *name);

/* The address of an element, by as many indices as the array has axes. */
static inline void *attnspec_element(const attnspec_array *array, const int64_t *index);

/* Read an element, and set one. An array of fewer axes takes the last indices. */
static inline double attnspec_get(const attnspec_array *array, int64_t b, int64_t h,
                                  int64_t i, int64_t j);
static inline void attnspec_set(attnspec_array *array, double value, int64_t b,
                                int64_t h, int64_t i, int64_t j);

/* ---- How it works: JSON ----------------------------------------------------- */

enum { ATTNSPEC_DEPTH = 64, ATTNSPEC_HEADER = 1 << 20 };

static struct {
    FILE *in, *out;
    int memory; /* the descriptor; -1 if the operands come in the payloads */
    unsigned char *mapped;
    int64_t mapped_size;
    char line[ATTNSPEC_HEADER + 2]; /* the header of the question */
} attnspec_io;

static inline void attnspec_require(bool holds, const char *rule)
{
    if (!holds) {
        fprintf(stderr, "attnspec.h: %s\n", rule);
        exit(1);
    }
}

static inline const char *attnspec_json_space(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

static inline const char *attnspec_json_string_end(const char *at)
{
    if (*at++ != '"')
        return NULL;
    for (; *at != '"'; at++) {
        if ((unsigned char)*at < ' ')
            return NULL;
        if (*at != '\\')
            continue;
        at++;
        if (*at == '\0' || strchr("\"\\/bfnrtu", *at) == NULL)
            return NULL;
        for (int digit = 0; *at == 'u' && digit < 4; digit++)
            if (!isxdigit((unsigned char)at[digit + 1]))
                return NULL;
    }
    return at + 1;
}

static inline const char *attnspec_json_digits(const char *at)
{
    const size_t count = strspn(at, "0123456789");
    return count > 0 ? at + count : NULL;
}

static inline const char *attnspec_json_number_end(const char *at)
{
    at += *at == '-';
    at = *at == '0' ? at + 1 : attnspec_json_digits(at);
    if (at != NULL && *at == '.')
        at = attnspec_json_digits(at + 1);
    if (at != NULL && (*at == 'e' || *at == 'E')) {
        at++;
        at = attnspec_json_digits(at + (*at == '+' || *at == '-'));
    }
    return at;
}

/* Return what follows a value of JSON; NULL if there is none. */
static inline const char *attnspec_json_end(const char *at, int depth)
{
    static const char *const words[] = {"true", "false", "null"};
    for (int word = 0; word < 3; word++)
        if (strncmp(at, words[word], strlen(words[word])) == 0)
            return at + strlen(words[word]);
    if (*at == '"')
        return attnspec_json_string_end(at);
    if (*at != '{' && *at != '[')
        return attnspec_json_number_end(at);
    const bool object = *at == '{';
    const char close = object ? '}' : ']';
    at = attnspec_json_space(at + 1);
    if (*at == close)
        return at + 1;
    while (depth > 0) {
        if (object) {
            at = attnspec_json_string_end(at);
            if (at == NULL || *(at = attnspec_json_space(at)) != ':')
                return NULL;
            at = attnspec_json_space(at + 1);
        }
        at = attnspec_json_end(at, depth - 1);
        if (at == NULL)
            return NULL;
        at = attnspec_json_space(at);
        if (*at == close)
            return at + 1;
        if (*at != ',')
            return NULL;
        at = attnspec_json_space(at + 1);
    }
    return NULL;
}

static inline bool attnspec_json_is_object(const char *at)
{
    const char *end = *at == '{' ? attnspec_json_end(at, ATTNSPEC_DEPTH) : NULL;
    return end != NULL && *attnspec_json_space(end) == '\0';
}

/* From here on, a value has been found to be JSON. */

static inline unsigned attnspec_json_code(const char *escape)
{
    char digits[5] = "";
    memcpy(digits, escape + 2, 4);
    return (unsigned)strtoul(digits, NULL, 16);
}

/* Write a character in UTF-8, and return how many bytes it has. */
static inline int attnspec_json_utf8(unsigned code, char *to)
{
    const int more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned first[] = {0, 0xC0, 0xE0, 0xF0};
    to[0] = (char)(first[more] | code >> 6 * more);
    for (int byte = 1; byte <= more; byte++)
        to[byte] = (char)(0x80 | (code >> 6 * (more - byte) & 0x3F));
    return more + 1;
}

/* Decode a text; false if the value is none, or does not fit. */
static inline bool attnspec_json_text(const char *at, char *to, size_t size)
{
    static const char escapes[] = "b\bf\fn\nr\rt\t";
    if (at == NULL || *at++ != '"')
        return false;
    for (; *at != '"'; at++) {
        char bytes[4] = {*at};
        int count = 1;
        if (*at == '\\' && at[1] == 'u') {
            unsigned code = attnspec_json_code(at);
            at += 5;
            if (code >> 10 == 0xD800 >> 10 && at[1] == '\\' && at[2] == 'u' &&
                attnspec_json_code(at + 1) >> 10 == 0xDC00 >> 10) {
                code = 0x10000 + ((code & 0x3FF) << 10) +
                       (attnspec_json_code(at + 1) & 0x3FF);
                at += 6;
            }
            /* Half a pair is no character. */
            if (code >> 11 == 0xD800 >> 11)
                code = 0xFFFD;
            count = attnspec_json_utf8(code, bytes);
        } else if (*at == '\\') {
            const char *known = strchr(escapes, *++at);
            bytes[0] = known != NULL ? known[1] : *at;
        }
        if (size <= (size_t)count)
            return false;
        memcpy(to, bytes, (size_t)count);
        to += count;
        size -= (size_t)count;
    }
    *to = '\0';
    return true;
}

static inline bool attnspec_json_equals(const char *at, const char *text)
{
    char found[64];
    return attnspec_json_text(at, found, sizeof found) && strcmp(found, text) == 0;
}

/* Return the value of a key; NULL if there is none. */
static inline const char *attnspec_json_member(const char *object, const char *key)
{
    attnspec_require(*object == '{', "a question has something else than an object");
    const char *at = attnspec_json_space(object + 1);
    while (*at == '"') {
        const bool wanted = attnspec_json_equals(at, key);
        at = attnspec_json_space(attnspec_json_string_end(at));
        at = attnspec_json_space(at + 1);
        if (wanted)
            return at;
        at = attnspec_json_space(attnspec_json_end(at, ATTNSPEC_DEPTH));
        at = attnspec_json_space(at + (*at == ','));
    }
    return NULL;
}

/* Return an element of a list; NULL if the list is shorter. */
static inline const char *attnspec_json_item(const char *list, int index)
{
    attnspec_require(list != NULL && *list == '[', "a question lacks a list");
    const char *at = attnspec_json_space(list + 1);
    for (; *at != ']' && index > 0; index--) {
        at = attnspec_json_space(attnspec_json_end(at, ATTNSPEC_DEPTH));
        at = attnspec_json_space(at + (*at == ','));
    }
    return *at == ']' ? NULL : at;
}

static inline bool attnspec_json_is_null(const char *at)
{
    return at == NULL || *at == 'n';
}

static inline int64_t attnspec_json_integer(const char *at)
{
    char *end = NULL;
    errno = 0;
    const long long found = at == NULL ? 0 : strtoll(at, &end, 10);
    const bool whole = at != NULL && end != at && strchr(".eE", *end) == NULL;
    attnspec_require(whole && errno == 0, "a question lacks a whole number");
    return found;
}

/* ---- How it works: questions ------------------------------------------------ */

/* Return the header of the next question; NULL at the end of the input. */
static inline const char *attnspec_question(void)
{
    if (fgets(attnspec_io.line, sizeof attnspec_io.line, attnspec_io.in) == NULL) {
        attnspec_require(!ferror(attnspec_io.in), "the input cannot be read");
        return NULL;
    }
    attnspec_require(strchr(attnspec_io.line, '\n') != NULL,
                     "a header does not end, or is longer than 1 MiB");
    const char *header = attnspec_json_space(attnspec_io.line);
    attnspec_require(attnspec_json_is_object(header), "a header is no object of JSON");
    return header;
}

static inline int64_t attnspec_payload(const char *question)
{
    const char *size = attnspec_json_member(question, "payload");
    return size == NULL ? 0 : attnspec_json_integer(size);
}

static inline void attnspec_skip(int64_t size)
{
    for (; size > 0; size--)
        attnspec_require(getc(attnspec_io.in) != EOF, "a payload is cut off");
}

/* Move the protocol to descriptors of its own, and read the question `open`. */
static inline const char *attnspec_opened(void)
{
    attnspec_require(!isatty(0), "this program is started by attnspec check --program");
    attnspec_io.in = fdopen(fcntl(0, F_DUPFD_CLOEXEC, 3), "rb");
    attnspec_io.out = fdopen(fcntl(1, F_DUPFD_CLOEXEC, 3), "wb");
    const int nothing = open("/dev/null", O_RDONLY);
    attnspec_require(attnspec_io.in != NULL && attnspec_io.out != NULL &&
                         dup2(nothing, 0) == 0 && dup2(2, 1) == 1,
                     "the standard streams cannot be moved");
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ); /* the last line is shown after a crash */
    const char *question = attnspec_question();
    attnspec_require(question != NULL, "there is no question");
    attnspec_require(
        attnspec_json_equals(attnspec_json_member(question, "question"), "open"),
        "the first question is not `open`");
    attnspec_require(
        attnspec_json_integer(attnspec_json_member(question, "attnspec")) == 1,
        "the protocol has another version than 1");
    attnspec_skip(attnspec_payload(question));
    return question;
}

/* Map all of the shared memory; false if that is not possible. */
static inline bool attnspec_map(void)
{
    struct stat found;
    if (attnspec_io.mapped != NULL)
        munmap(attnspec_io.mapped, (size_t)attnspec_io.mapped_size);
    attnspec_io.mapped = NULL;
    if (fstat(attnspec_io.memory, &found) != 0)
        return false;
    /* It may be empty at first. */
    const size_t size = found.st_size > 0 ? (size_t)found.st_size : 1;
    void *start =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, attnspec_io.memory, 0);
    if (start == MAP_FAILED)
        return false;
    attnspec_io.mapped = (unsigned char *)start;
    attnspec_io.mapped_size = (int64_t)size;
    return true;
}

/* Write a text of JSON of at most 1,000 characters; what is not ASCII becomes a
   question mark. */
static inline void attnspec_write_text(const char *text)
{
    putc('"', attnspec_io.out);
    for (int count = 0; *text != '\0' && count < 1000; text++, count++) {
        const unsigned char byte = (unsigned char)*text;
        if (byte < ' ')
            fprintf(attnspec_io.out, "\\u%04x", byte);
        else if (byte == '"' || byte == '\\')
            fprintf(attnspec_io.out, "\\%c", byte);
        else
            putc(byte < 0x7F ? byte : '?', attnspec_io.out);
    }
    putc('"', attnspec_io.out);
}

static inline void attnspec_start(const char *description)
{
    const char *question = attnspec_opened();
    attnspec_require(attnspec_json_is_object(attnspec_json_space(description)),
                     "the description is no object of JSON");
    const char *memory = attnspec_json_member(question, "memory");
    attnspec_io.memory =
        attnspec_json_is_null(memory) ? -1 : (int)attnspec_json_integer(memory);
    if (!attnspec_map())
        attnspec_io.memory = -1;
    fprintf(attnspec_io.out, "{\"answer\": %lld, \"attnspec\": 1, %s\"description\": ",
            (long long)attnspec_json_integer(attnspec_json_member(question, "number")),
            attnspec_io.memory >= 0 ? "\"memory\": \"shared\", " : "");
    for (; *description != '\0'; description++)
        putc(*description == '\n' ? ' ' : *description, attnspec_io.out);
    fputs("}\n", attnspec_io.out);
    fflush(attnspec_io.out);
}

static inline void attnspec_refuse(const char *why)
{
    const char *question = attnspec_opened();
    fprintf(attnspec_io.out, "{\"answer\": %lld, \"refused\": ",
            (long long)attnspec_json_integer(attnspec_json_member(question, "number")));
    attnspec_write_text(why);
    fputs("}\n", attnspec_io.out);
    fflush(attnspec_io.out);
    exit(0);
}

/* ---- How it works: arrays --------------------------------------------------- */

static const char *const attnspec_formats[] = {"float64",  "float32", "float16",
                                               "bfloat16", "int64",   "bool"};

static inline int64_t attnspec_item_size(attnspec_format format)
{
    static const int64_t sizes[] = {8, 4, 2, 2, 8, 1};
    return sizes[format];
}

static inline attnspec_format attnspec_format_of(const char *name)
{
    for (int format = 0; format < 6; format++)
        if (attnspec_json_equals(name, attnspec_formats[format]))
            return (attnspec_format)format;
    /* Of a result: any that fits. */
    if (attnspec_json_is_null(name))
        return ATTNSPEC_FLOAT64;
    if (attnspec_json_equals(name, "integer"))
        return ATTNSPEC_INT64;
    attnspec_require(attnspec_json_equals(name, "boolean"),
                     "an array has no known format");
    return ATTNSPEC_BOOL;
}

/* Read what arguments and results have: a name, a format and a shape. */
static inline void attnspec_read_array(attnspec_array *array, const char *told)
{
    const char *shape = attnspec_json_member(told, "shape"), *length;
    array->format = attnspec_format_of(attnspec_json_member(told, "dtype"));
    array->rank = 0;
    for (; (length = attnspec_json_item(shape, array->rank)) != NULL; array->rank++) {
        attnspec_require(array->rank < ATTNSPEC_RANK, "an array has too many axes");
        array->shape[array->rank] = attnspec_json_integer(length);
        attnspec_require(array->shape[array->rank] >= 0, "a length is negative");
    }
}

static inline void attnspec_read_name(attnspec_array *array, const char *told)
{
    attnspec_require(attnspec_json_text(attnspec_json_member(told, "name"), array->name,
                                        sizeof array->name),
                     "an argument or result has no name, or a long one");
}

static inline void attnspec_read_argument(attnspec_call *call, const char *told)
{
    attnspec_require(call->argument_count < ATTNSPEC_ARGUMENTS, "too many arguments");
    attnspec_array *array = &call->arguments[call->argument_count++];
    attnspec_read_name(array, told);
    array->data = NULL;
    array->value = attnspec_json_member(told, "value");
    if (array->value != NULL)
        return;
    attnspec_read_array(array, told);
    const int64_t offset = attnspec_json_integer(attnspec_json_member(told, "offset"));
    int64_t first = offset, last = offset + attnspec_item_size(array->format);
    bool empty = false;
    for (int axis = 0; axis < array->rank; axis++) {
        array->strides[axis] = attnspec_json_integer(
            attnspec_json_item(attnspec_json_member(told, "strides"), axis));
        const int64_t span = (array->shape[axis] - 1) * array->strides[axis];
        *(span < 0 ? &first : &last) += span;
        empty = empty || array->shape[axis] == 0;
    }
    attnspec_require(empty || (first >= 0 && last <= call->block_size),
                     "an array lies outside of its block");
    array->data = call->block + offset;
}

static inline int64_t attnspec_size(const attnspec_array *array)
{
    int64_t size = attnspec_item_size(array->format);
    for (int axis = 0; axis < array->rank; axis++) {
        attnspec_require(array->shape[axis] <= (INT64_MAX >> 8) / (size > 0 ? size : 1),
                         "a result is too large");
        size *= array->shape[axis];
    }
    return size;
}

static inline void attnspec_read_result(attnspec_call *call, const char *told)
{
    attnspec_require(call->result_count < ATTNSPEC_RESULTS, "too many results");
    attnspec_array *array = &call->results[call->result_count++];
    attnspec_read_name(array, told);
    attnspec_read_array(array, told);
    const int64_t size = attnspec_size(array);
    int64_t stride = attnspec_item_size(array->format);
    for (int axis = array->rank - 1; axis >= 0; axis--) {
        array->strides[axis] = stride;
        stride *= array->shape[axis];
    }
    array->value = NULL;
    array->data = malloc((size_t)size + 1);
    attnspec_require(array->data != NULL, "there is no memory for a result");
    memset(array->data, 0xFF, (size_t)size); /* NaN, in all formats that have it */
}

/* Find the block: in the shared memory, or in the payload of the question. */
static inline void attnspec_read_block(attnspec_call *call, const char *question)
{
    const char *told = attnspec_json_member(question, "block");
    attnspec_require(told != NULL, "a call has no block");
    call->block_size = attnspec_json_integer(attnspec_json_member(told, "size"));
    attnspec_require(call->block_size >= 0, "the size of a block is negative");
    if (attnspec_io.memory >= 0) {
        const int64_t offset =
            attnspec_json_integer(attnspec_json_member(told, "offset"));
        const int64_t end = offset + call->block_size;
        if (end > attnspec_io.mapped_size) /* it has grown */
            attnspec_require(attnspec_map(), "the shared memory cannot be mapped");
        attnspec_require(offset >= 0 && end <= attnspec_io.mapped_size,
                         "a block lies outside of the shared memory");
        attnspec_skip(attnspec_payload(question));
        call->block = attnspec_io.mapped + offset;
        return;
    }
    void *block = NULL;
    attnspec_require(attnspec_payload(question) == call->block_size,
                     "a payload is not the block");
    attnspec_require(posix_memalign(&block, 64, (size_t)call->block_size + 1) == 0,
                     "there is no memory for a block");
    attnspec_require(fread(block, 1, (size_t)call->block_size, attnspec_io.in) ==
                         (size_t)call->block_size,
                     "a payload is cut off");
    call->block = (unsigned char *)block;
}

static inline void attnspec_read_call(attnspec_call *call, const char *question)
{
    const char *told;
    call->argument_count = call->result_count = 0;
    call->answered = false;
    attnspec_read_block(call, question);
    const char *operands = attnspec_json_member(question, "operands");
    for (int index = 0; (told = attnspec_json_item(operands, index)) != NULL; index++)
        attnspec_read_argument(call, told);
    const char *options = attnspec_json_member(question, "options");
    for (int index = 0; (told = attnspec_json_item(options, index)) != NULL; index++)
        attnspec_read_argument(call, told);
    const char *results = attnspec_json_member(question, "results");
    for (int index = 0; (told = attnspec_json_item(results, index)) != NULL; index++)
        attnspec_read_result(call, told);
}

static inline bool attnspec_next(attnspec_call *call)
{
    const char *question;
    while ((question = attnspec_question()) != NULL) {
        call->number = attnspec_json_integer(attnspec_json_member(question, "number"));
        if (attnspec_json_equals(attnspec_json_member(question, "question"), "call")) {
            attnspec_read_call(call, question);
            return true;
        }
        attnspec_skip(attnspec_payload(question));
        fprintf(attnspec_io.out, "{\"answer\": %lld, \"unknown\": true}\n",
                call->number);
        fflush(attnspec_io.out);
    }
    return false;
}

/* ---- How it works: answers -------------------------------------------------- */

static inline void attnspec_finish(attnspec_call *call)
{
    fflush(attnspec_io.out);
    for (int index = 0; index < call->result_count; index++)
        free(call->results[index].data);
    if (attnspec_io.memory < 0)
        free(call->block);
    call->answered = true;
}

static inline void attnspec_raise(attnspec_call *call, const char *text)
{
    if (call->answered)
        return;
    fprintf(attnspec_io.out, "{\"answer\": %lld, \"raised\": ", call->number);
    attnspec_write_text(text);
    fputs("}\n", attnspec_io.out);
    attnspec_finish(call);
}

static inline void attnspec_answer(attnspec_call *call)
{
    if (call->answered)
        return;
    const int64_t sent_back = attnspec_io.memory < 0 ? call->block_size : 0;
    int64_t payload = sent_back;
    fprintf(attnspec_io.out, "{\"answer\": %lld, \"results\": [", call->number);
    for (int index = 0; index < call->result_count; index++) {
        const attnspec_array *array = &call->results[index];
        fputs(index > 0 ? ", {\"name\": " : "{\"name\": ", attnspec_io.out);
        attnspec_write_text(array->name);
        fprintf(attnspec_io.out, ", \"dtype\": \"%s\", \"shape\": [",
                attnspec_formats[array->format]);
        for (int axis = 0; axis < array->rank; axis++)
            fprintf(attnspec_io.out, axis > 0 ? ", %lld" : "%lld",
                    (long long)array->shape[axis]);
        fputs("]}", attnspec_io.out);
        payload += attnspec_size(array);
    }
    fprintf(attnspec_io.out, "], \"payload\": %lld}\n", (long long)payload);
    for (int index = 0; index < call->result_count; index++)
        fwrite(call->results[index].data, 1,
               (size_t)attnspec_size(&call->results[index]), attnspec_io.out);
    fwrite(call->block, 1, (size_t)sent_back, attnspec_io.out);
    attnspec_finish(call);
}

/* ---- How it works: what a kernel reads and sets ----------------------------- */

static inline attnspec_array *attnspec_argument(attnspec_call *call, const char *name)
{
    for (int index = 0; index < call->argument_count; index++)
        if (strcmp(call->arguments[index].name, name) == 0)
            return &call->arguments[index];
    return NULL;
}

static inline attnspec_array *attnspec_result(attnspec_call *call, const char *name)
{
    for (int index = 0; index < call->result_count; index++)
        if (strcmp(call->results[index].name, name) == 0)
            return &call->results[index];
    return NULL;
}

static inline attnspec_array *attnspec_broadcast(attnspec_call *call, const char *name,
                                                 int64_t b, int64_t h, int64_t i,
                                                 int64_t j)
{
    const int64_t shape[4] = {b, h, i, j};
    attnspec_array *array = attnspec_argument(call, name);
    if (array == NULL)
        return NULL;
    attnspec_require(array->data != NULL && array->rank <= 4, "no array to broadcast");
    const int missing = 4 - array->rank;
    for (int axis = 3; axis >= 0; axis--) {
        const int own = axis - missing;
        const bool repeated = own < 0 || (array->shape[own] == 1 && shape[axis] != 1);
        attnspec_require(repeated || array->shape[own] == shape[axis],
                         "an array does not broadcast to what was asked for");
        array->strides[axis] = repeated ? 0 : array->strides[own];
        array->shape[axis] = shape[axis];
    }
    array->rank = 4;
    return array;
}

static inline const char *attnspec_value(attnspec_call *call, const char *name)
{
    const attnspec_array *found = attnspec_argument(call, name);
    return found == NULL ? NULL : found->value;
}

static inline bool attnspec_flag(attnspec_call *call, const char *name)
{
    const char *value = attnspec_value(call, name);
    return value != NULL && *value == 't';
}

static inline double attnspec_json_number(const char *value, double otherwise)
{
    const bool number = value != NULL && strchr("-0123456789", *value) != NULL;
    return number ? strtod(value, NULL) : otherwise;
}

static inline double attnspec_number(attnspec_call *call, const char *name,
                                     double otherwise)
{
    return attnspec_json_number(attnspec_value(call, name), otherwise);
}

static inline double attnspec_number_at(attnspec_call *call, const char *name,
                                        int index, double otherwise)
{
    const char *list = attnspec_value(call, name);
    const char *value = list == NULL ? NULL : attnspec_json_item(list, index);
    return attnspec_json_number(value, otherwise);
}

static inline bool attnspec_is(attnspec_call *call, const char *name, const char *text)
{
    return attnspec_json_equals(attnspec_value(call, name), text);
}

static inline void *attnspec_element(const attnspec_array *array, const int64_t *index)
{
    unsigned char *at = (unsigned char *)array->data;
    for (int axis = 0; axis < array->rank; axis++)
        at += index[axis] * array->strides[axis];
    return at;
}

/* Decode and encode a 16-bit number with so many bits of exponent and of fraction. */
static inline double attnspec_decode(unsigned bits, int exponent_bits,
                                     int fraction_bits)
{
    const int top = (1 << exponent_bits) - 1;
    const int exponent = (int)(bits >> fraction_bits) & top;
    const int fraction = (int)bits & ((1 << fraction_bits) - 1);
    const int least = 1 - top / 2 - fraction_bits; /* of the smallest number above 0 */
    double value = ldexp(fraction, least);
    if (exponent == top)
        value = fraction == 0 ? INFINITY : NAN;
    else if (exponent > 0)
        value = ldexp(fraction + (1 << fraction_bits), least + exponent - 1);
    return bits >> 15 ? -value : value;
}

static inline unsigned attnspec_encode(double value, int exponent_bits,
                                       int fraction_bits)
{
    const int top = (1 << exponent_bits) - 1;
    const int least = 1 - top / 2 - fraction_bits;
    const unsigned sign = signbit(value) ? 0x8000u : 0u;
    const unsigned infinity = (unsigned)top << fraction_bits;
    if (isnan(value))
        return sign | infinity | 1u << (fraction_bits - 1);
    if (isinf(value) || value == 0.0)
        return sign | (value == 0.0 ? 0u : infinity);
    int exponent;
    frexp(value, &exponent); /* 2^(exponent - 1) <= |value| < 2^exponent */
    exponent -= least + fraction_bits;
    if (exponent < 1)
        exponent = 1;
    /* Rounded to even; what overflows its fraction is the next exponent. */
    const unsigned fraction = (unsigned)rint(ldexp(fabs(value), 1 - least - exponent));
    const unsigned bits = ((unsigned)(exponent - 1) << fraction_bits) + fraction;
    return sign | (bits < infinity ? bits : infinity);
}

static inline void *attnspec_at(const attnspec_array *array, int64_t b, int64_t h,
                                int64_t i, int64_t j)
{
    const int64_t index[4] = {b, h, i, j};
    attnspec_require(array->rank <= 4, "an array of more than four axes");
    return attnspec_element(array, index + 4 - array->rank);
}

static inline double attnspec_get(const attnspec_array *array, int64_t b, int64_t h,
                                  int64_t i, int64_t j)
{
    const void *at = attnspec_at(array, b, h, i, j);
    double number;
    float single;
    uint16_t half;
    int64_t whole;
    switch (array->format) {
    case ATTNSPEC_FLOAT64:
        memcpy(&number, at, 8);
        return number;
    case ATTNSPEC_FLOAT32:
        memcpy(&single, at, 4);
        return single;
    case ATTNSPEC_FLOAT16:
        memcpy(&half, at, 2);
        return attnspec_decode(half, 5, 10);
    case ATTNSPEC_BFLOAT16:
        memcpy(&half, at, 2);
        return attnspec_decode(half, 8, 7);
    case ATTNSPEC_INT64:
        memcpy(&whole, at, 8);
        return (double)whole;
    case ATTNSPEC_BOOL:
        break;
    }
    return *(const unsigned char *)at != 0;
}

static inline void attnspec_set(attnspec_array *array, double value, int64_t b,
                                int64_t h, int64_t i, int64_t j)
{
    void *at = attnspec_at(array, b, h, i, j);
    const float single = (float)value;
    uint16_t half;
    int64_t whole;
    switch (array->format) {
    case ATTNSPEC_FLOAT64:
        memcpy(at, &value, 8);
        break;
    case ATTNSPEC_FLOAT32:
        memcpy(at, &single, 4);
        break;
    case ATTNSPEC_FLOAT16:
        half = (uint16_t)attnspec_encode(value, 5, 10);
        memcpy(at, &half, 2);
        break;
    case ATTNSPEC_BFLOAT16:
        half = (uint16_t)attnspec_encode(value, 8, 7);
        memcpy(at, &half, 2);
        break;
    case ATTNSPEC_INT64:
        whole = (int64_t)value;
        memcpy(at, &whole, 8);
        break;
    case ATTNSPEC_BOOL:
        *(unsigned char *)at = value != 0.0;
        break;
    }
}

#endif
