/*
 * The core, translated by wasm2c, under libFuzzer and AddressSanitizer. An input is a program of calls (program.ts). The
 * whole linear memory is poisoned. Each call gets exactly the bytes that it may touch (contract.ts), so that any other read
 * or write stops the run at once. Each call runs twice over different leftovers and must give the same result. Bytes that
 * are readable only are compared afterwards.
 *
 * abi.h is made from the module and the embedder's tables: addresses, lengths, the names that wasm2c gave.
 */
#include <sanitizer/asan_interface.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core.h"
#include "abi.h"

#define COUNT(list) ((int)(sizeof(list) / sizeof((list)[0])))

enum { COMPUTE, VERIFY, ENCRYPT, DECRYPT, WRAP, UNWRAP, CHECK_VALUE, LRC, LOOKUP, INSERT, FORGET };

typedef struct {
  int operation;
  int32_t args[4];
  uint8_t seed, literals, offer;
  uint8_t literal[MAX_LITERAL];
  uint16_t places;
} call_t;

static INSTANCE core;
static uint8_t *memory;
static uint8_t tables[TABLES_BYTES];
static uint64_t calls, refusals;
static const call_t *current;

static void say(const call_t *call, const char *what) {
  fprintf(stderr, "FINDING %s: %s(", what, OPERATION_NAMES[call->operation]);
  for (int i = 0; i < ARITY[call->operation]; i++) fprintf(stderr, i ? ", %d" : "%d", call->args[i]);
  fprintf(stderr, ")\n");
}

static void finding(const call_t *call, const char *what) {
  say(call, what);
  abort();
}

/* The sanitizer prints the place and ends the run. This prints the call. */
static void on_access(const char *report) {
  (void)report;
  say(current, "touched a byte that is not its own");
}

/* ---- the runtime for wasm2c ---- */

static void *escape[5];
static int trap;

void wasm_rt_trap(wasm_rt_trap_t code) {
  trap = (int)code;
  __builtin_longjmp(escape, 1);
}

/* Everything that 32 bits and an offset can reach is reserved, so that an access beyond the memory faults without a check. */
void wasm_rt_allocate_memory(wasm_rt_memory_t *to, uint32_t pages, uint32_t limit) {
  const uint64_t reach = 2ull << 32;
  to->size = pages * 65536;
  to->pages = pages;
  to->max_pages = limit;
  to->data = mmap(NULL, reach, PROT_NONE, MAP_ANONYMOUS | MAP_PRIVATE | MAP_NORESERVE, -1, 0);
  if (to->data == MAP_FAILED || mprotect(to->data, to->size, PROT_READ | PROT_WRITE) != 0) abort();
}

void wasm_rt_free_memory(wasm_rt_memory_t *from) { (void)from; }

_Bool wasm_rt_is_initialized(void) { return 1; }

uint32_t wasm_rt_register_func_type(uint32_t parameters, uint32_t results, ...) { return parameters * results; }

/* ---- the bytes that a call may touch ---- */

static struct { uint32_t at, bytes; } grants[24];
static int granted;

/* Every region starts at a multiple of 16 with a guard behind it, so whole units of 16 may be poisoned again. */
static uint8_t *grant(uint32_t at, uint32_t bytes) {
  __asan_unpoison_memory_region(memory + at, bytes);
  grants[granted].at = at;
  grants[granted++].bytes = (bytes + 15) & ~15u;
  return memory + at;
}

static void revoke(void) {
  while (granted > 0) {
    granted--;
    __asan_poison_memory_region(memory + grants[granted].at, grants[granted].bytes);
  }
}

/* ---- contents ---- */

enum { OF_KEY = 1, OF_MESSAGE, OF_WORKING_KEY, OF_PLACES, OF_LEFTOVERS };

static void fill(uint8_t *to, uint32_t bytes, uint8_t seed, uint32_t salt) {
  if (seed == 0 || seed == 255) {
    memset(to, seed, bytes);
    return;
  }
  uint32_t state = ((seed + 256 * salt) * 0x9e3779b1u) | 1;
  for (uint32_t at = 0; at < bytes; at += 4) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    memcpy(to + at, &state, bytes - at < 4 ? bytes - at : 4);
  }
}

static void fill_message(const call_t *call, uint8_t *to, uint32_t bytes) {
  fill(to, bytes, call->seed, OF_MESSAGE);
  memcpy(to, call->literal, bytes < call->literals ? bytes : call->literals);
}

/* Different bytes in each pass: any leftovers of an earlier call. */
static void grant_leftovers(uint32_t at, uint32_t bytes, int pass) { fill(grant(at, bytes), bytes, 101 + pass, OF_LEFTOVERS); }

/* ---- the contract ---- */

static int is_within(int32_t value, int32_t high) { return value >= 0 && value <= high; }
static int has(uint64_t lengths, int32_t length) { return is_within(length, 63) && (lengths >> length & 1); }

static int is_mac_taken(const int32_t *args) {
  return is_within(args[0], COUNT(MACS) - 1) && has(MACS[args[0]].keys, args[1]) && is_within(args[2], MESSAGE_BYTES);
}

static int is_cipher_taken(const int32_t *args, int32_t bytes, int32_t room) {
  return is_within(args[0], COUNT(CIPHERS) - 1) && has(CIPHERS[args[0]].keys, args[1]) && is_within(bytes, room) &&
         bytes % CIPHERS[args[0]].block == 0;
}

static int is_taken(const call_t *call) {
  const int32_t *args = call->args;
  switch (call->operation) {
    case COMPUTE: return is_mac_taken(args);
    case VERIFY: return is_mac_taken(args) && args[3] >= SHORTEST_MAC_BYTES && args[3] <= MACS[args[0]].mac;
    case ENCRYPT:
    case DECRYPT: return is_cipher_taken(args, args[2], MESSAGE_BYTES);
    case WRAP:
    case UNWRAP: return is_cipher_taken(args, args[2], WORKING_KEY_BYTES);
    case CHECK_VALUE: return is_cipher_taken(args, 0, 0);
    case LRC: return is_within(args[0], 255) && is_within(args[1], MESSAGE_BYTES);
    default: return is_within(args[0], MESSAGE_BYTES);
  }
}

/* ---- calls ---- */

static uint32_t dispatch(int operation, const int32_t *args) {
  uint32_t a = (uint32_t)args[0], b = (uint32_t)args[1], c = (uint32_t)args[2], d = (uint32_t)args[3];
  switch (operation) {
    case COMPUTE: return CORE(computeMac)(&core, a, b, c);
    case VERIFY: return CORE(verifyMac)(&core, a, b, c, d);
    case ENCRYPT: return CORE(encrypt)(&core, a, b, c);
    case DECRYPT: return CORE(decrypt)(&core, a, b, c);
    case WRAP: return CORE(wrapKey)(&core, a, b, c);
    case UNWRAP: return CORE(unwrapKey)(&core, a, b, c);
    case CHECK_VALUE: return CORE(keyCheckValue)(&core, a, b);
    case LRC: return CORE(lrc)(&core, a, b);
    case LOOKUP: return CORE(lookupDuplicate)(&core, a, b, c);
    case INSERT: return CORE(insertDuplicate)(&core, a, b);
    default: return CORE(forgetDuplicate)(&core, a);
  }
}

/* Makes the call. An unexpected trap, or a missing one, is a finding. */
static __attribute__((noinline)) int32_t make(const call_t *call, int operation, int taken) {
  volatile uint32_t result = 0;
  current = call;
  calls++;
  trap = 0;
  if (__builtin_setjmp(escape) == 0) result = dispatch(operation, call->args);
  if (trap == 0 && !taken) finding(call, "not refused");
  if (trap != 0 && taken) finding(call, "trapped");
  if (trap != 0 && trap != WASM_RT_TRAP_UNREACHABLE) finding(call, "a trap other than a refusal");
  if (trap != 0) refusals++;
  return (int32_t)result;
}

static void expect_same(const call_t *call, const uint8_t *is, const uint8_t *was, uint32_t bytes, const char *what) {
  if (memcmp(is, was, bytes) != 0) finding(call, what);
}

static uint8_t outputs[2][INPUT_BYTES];
static uint8_t key[KEY_BYTES];

static void grant_key(const call_t *call) {
  fill(key, KEY_BYTES, call->seed, OF_KEY);
  memcpy(grant(KEY_ADDRESS, (uint32_t)call->args[1]), key, (size_t)call->args[1]);
  grant(TABLES_ADDRESS, TABLES_BYTES);
}

static void check_key(const call_t *call) {
  expect_same(call, memory + KEY_ADDRESS, key, (uint32_t)call->args[1], "wrote to its key");
  expect_same(call, memory + TABLES_ADDRESS, tables, TABLES_BYTES, "wrote to the tables");
}

static void grant_mac(const call_t *call, int pass) {
  uint32_t bytes = (uint32_t)call->args[2];
  grant_key(call);
  grant_leftovers(INPUT_ADDRESS, bytes + PADDING_BYTES, pass);
  fill_message(call, memory + INPUT_ADDRESS, bytes);
  grant_leftovers(SCHEDULE_ADDRESS, SCHEDULE_BYTES, pass);
  grant_leftovers(STATE_ADDRESS, STATE_BYTES, pass);
  grant_leftovers(MAC_ADDRESS, MAC_BYTES, pass);
}

static void verify(const call_t *call, int taken) {
  uint8_t offered[16];
  int32_t bits = 8 * MACS[call->args[0]].mac, changed = call->offer ? (call->offer - 1) % bits : -1;
  for (int pass = 0; pass < 2; pass++) {
    if (pass == 0) {
      grant_mac(call, pass);
      make(call, COMPUTE, 1);
      memcpy(offered, memory + MAC_ADDRESS, sizeof offered);
      if (changed >= 0) offered[changed / 8] ^= 0x80 >> changed % 8;
      revoke();
    }
    grant_mac(call, pass);
    if (taken) memcpy(grant(OFFERED_MAC_ADDRESS, (uint32_t)call->args[3]), offered, (size_t)call->args[3]);
    int32_t result = make(call, VERIFY, taken);
    if (taken && result != (changed < 0 || changed >= 8 * call->args[3])) finding(call, "wrong verdict");
    if (taken)
      expect_same(call, memory + OFFERED_MAC_ADDRESS, offered, (uint32_t)call->args[3], "wrote to the offered MAC");
    check_key(call);
    revoke();
  }
}

/* Every function with a key except verifyMac: the output is `bytes` at `at`. */
static void transform(const call_t *call, uint32_t at, int32_t bytes) {
  for (int pass = 0; pass < 2; pass++) {
    if (call->operation == COMPUTE) {
      grant_mac(call, pass);
    } else {
      grant_key(call);
      grant_leftovers(SCHEDULE_ADDRESS, SCHEDULE_BYTES, pass);
      if (call->operation == CHECK_VALUE) grant_leftovers(at, (uint32_t)bytes, pass);
      else fill_message(call, grant(at, (uint32_t)bytes), (uint32_t)bytes);
    }
    if (make(call, call->operation, 1) != bytes) finding(call, "wrong result");
    memcpy(outputs[pass], memory + at, (size_t)bytes);
    check_key(call);
    revoke();
  }
  expect_same(call, outputs[0], outputs[1], (uint32_t)bytes, "depends on leftovers");
}

static void check_lrc(const call_t *call) {
  uint32_t bytes = (uint32_t)call->args[1];
  uint8_t *message = grant(INPUT_ADDRESS, bytes), expected = (uint8_t)call->args[0];
  fill_message(call, message, bytes);
  memcpy(outputs[0], message, bytes);
  for (uint32_t at = 0; at < bytes; at++) expected ^= message[at];
  if (make(call, LRC, 1) != expected) finding(call, "wrong LRC");
  expect_same(call, message, outputs[0], bytes, "wrote to the message");
  revoke();
}

/* ---- the duplicate table ---- */

typedef struct {
  uint64_t print;
  uint32_t seconds, occupied;
} entry_t;

static uint8_t table_key[SIPHASH_KEY_BYTES];
/* Slots that a program used, emptied after it. */
static uint32_t used[MAX_CALLS * PLACES];
static int used_count;

static uint64_t rotate(uint64_t word, int by) { return word << by | word >> (64 - by); }

static void sip_round(uint64_t v[4]) {
  v[0] += v[1], v[1] = rotate(v[1], 13) ^ v[0], v[0] = rotate(v[0], 32);
  v[2] += v[3], v[3] = rotate(v[3], 16) ^ v[2];
  v[0] += v[3], v[3] = rotate(v[3], 21) ^ v[0];
  v[2] += v[1], v[1] = rotate(v[1], 17) ^ v[2], v[2] = rotate(v[2], 32);
}

/* SipHash-2-4, from the paper. */
static uint64_t siphash(const uint8_t *bytes, uint32_t length) {
  uint64_t k[2], v[4];
  memcpy(k, table_key, 16);
  v[0] = k[0] ^ 0x736f6d6570736575, v[1] = k[1] ^ 0x646f72616e646f6d;
  v[2] = k[0] ^ 0x6c7967656e657261, v[3] = k[1] ^ 0x7465646279746573;
  for (uint32_t at = 0; at <= length; at += 8) {
    uint64_t word = 0;
    uint32_t left = length - at;
    memcpy(&word, bytes + at, left < 8 ? left : 8);
    if (left < 8) word |= (uint64_t)length << 56;
    v[3] ^= word;
    sip_round(v), sip_round(v);
    v[0] ^= word;
  }
  v[2] ^= 0xff;
  sip_round(v), sip_round(v), sip_round(v), sip_round(v);
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static uint32_t slot_of(uint64_t print, int place) { return ((uint32_t)print + (uint32_t)place) % DUPLICATE_ENTRIES; }

static entry_t *entry_of(uint32_t slot) { return (entry_t *)(memory + DUPLICATES_ADDRESS) + slot; }

static void lay_out(const call_t *call, uint64_t print, uint32_t now) {
  uint32_t seconds[PLACES];
  fill((uint8_t *)seconds, sizeof seconds, call->seed, OF_PLACES);
  for (int place = 0; place < PLACES; place++) {
    entry_t *entry = entry_of(slot_of(print, place));
    int kind = call->places >> 2 * place & 3;
    if (kind == 0) continue;
    if (kind == 1) memset(entry, 0, sizeof *entry);
    if (kind == 2) *entry = (entry_t){print ^ (1ull << (16 + place)), seconds[place], 1};
    if (kind == 3) *entry = (entry_t){print, now - seconds[place] % 1000, 1};
  }
}

static void duplicates(const call_t *call) {
  uint32_t bytes = (uint32_t)call->args[0], now = call->operation == FORGET ? 0 : (uint32_t)call->args[1];
  uint8_t *message = grant(INPUT_ADDRESS, bytes);
  fill_message(call, message, bytes);
  memcpy(outputs[0], message, bytes);
  memcpy(grant(SIPHASH_KEY_ADDRESS, SIPHASH_KEY_BYTES), table_key, SIPHASH_KEY_BYTES);
  uint64_t print = siphash(message, bytes);
  for (int place = 0; place < PLACES; place++) {
    uint32_t slot = slot_of(print, place);
    grant(DUPLICATES_ADDRESS + slot * DUPLICATE_ENTRY_BYTES, DUPLICATE_ENTRY_BYTES);
    used[used_count++] = slot;
  }
  lay_out(call, print, now);
  entry_t before[PLACES];
  int own = -1, is_free = 0;
  uint32_t oldest = 0;
  for (int place = PLACES - 1; place >= 0; place--) {
    before[place] = *entry_of(slot_of(print, place));
    if (!before[place].occupied) is_free = 1;
    else if (before[place].print == print) own = place;
    if (now - before[place].seconds > oldest) oldest = now - before[place].seconds;
  }

  int32_t result = make(call, call->operation, 1);

  int place = -1;
  for (int each = 0; each < PLACES; each++)
    if ((int32_t)slot_of(print, each) == result) place = each;
  if (place < 0 && result != -1) finding(call, "a handle that is not one of its eight");
  entry_t expected = place < 0 ? before[0] : before[place];
  switch (call->operation) {
    case LOOKUP: {
      int hit = own >= 0 && now - before[own].seconds <= (uint32_t)call->args[2];
      if (place != (hit ? own : -1)) finding(call, "wrong hit or miss");
      break;
    }
    case INSERT:
      if (place < 0) finding(call, "not entered");
      if (own >= 0 ? place != own : is_free ? expected.occupied : now - expected.seconds != oldest)
        finding(call, "entered in the wrong place");
      expected = (entry_t){print, now, 1};
      break;
    default:
      if (place != own) finding(call, "forgot another message");
      memset(&expected, 0, sizeof expected);
  }
  for (int each = 0; each < PLACES; each++) {
    const entry_t *should = each == place ? &expected : &before[each];
    expect_same(call, (uint8_t *)entry_of(slot_of(print, each)), (const uint8_t *)should, sizeof *should, "wrote to another entry");
  }
  expect_same(call, message, outputs[0], bytes, "wrote to the message");
  expect_same(call, memory + SIPHASH_KEY_ADDRESS, table_key, SIPHASH_KEY_BYTES, "wrote to the key of the table");
  revoke();
}

static void empty_used(void) {
  while (used_count > 0) {
    entry_t *entry = (entry_t *)grant(DUPLICATES_ADDRESS + used[--used_count] * DUPLICATE_ENTRY_BYTES, DUPLICATE_ENTRY_BYTES);
    memset(entry, 0, sizeof *entry);
    revoke();
  }
}

/* ---- the program ---- */

static const uint8_t *next, *end;

static uint32_t read_byte(void) { return next < end ? *next++ : 0; }

static int32_t read_number(void) {
  uint32_t first = read_byte();
  if (first < FIRST_LISTED) return (int32_t)first;
  if (first < FIRST_MESSAGE_LENGTH) return first - FIRST_LISTED < (uint32_t)COUNT(NUMBERS) ? NUMBERS[first - FIRST_LISTED] : 0;
  uint32_t low = read_byte();
  low |= read_byte() << 8;
  if (first < FIRST_RAW) return (int32_t)(low % LENGTH_RANGE);
  low |= read_byte() << 16;
  return (int32_t)(low | read_byte() << 24);
}

static void read_call(call_t *call) {
  memset(call, 0, sizeof *call);
  call->operation = (int)(read_byte() % (uint32_t)COUNT(ARITY));
  for (int i = 0; i < ARITY[call->operation]; i++) call->args[i] = read_number();
  call->seed = (uint8_t)read_byte();
  call->literals = (uint8_t)(read_byte() % (MAX_LITERAL + 1));
  for (int i = 0; i < call->literals; i++) call->literal[i] = (uint8_t)read_byte();
  if (call->operation == VERIFY) call->offer = (uint8_t)read_byte();
  if (call->operation >= LOOKUP) {
    call->places = (uint16_t)read_byte();
    call->places |= (uint16_t)(read_byte() << 8);
  }
}

static void run(const call_t *call) {
  const int32_t *args = call->args;
  int taken = is_taken(call);
  if (call->operation == VERIFY && is_mac_taken(args)) {
    verify(call, taken);
  } else if (!taken) {
    /* Granted nothing. */
    make(call, call->operation, 0);
  } else {
    switch (call->operation) {
      case COMPUTE: transform(call, MAC_ADDRESS, MACS[args[0]].mac); break;
      case ENCRYPT:
      case DECRYPT: transform(call, INPUT_ADDRESS, args[2]); break;
      case WRAP:
      case UNWRAP: transform(call, WORKING_KEY_ADDRESS, args[2]); break;
      case CHECK_VALUE: transform(call, MAC_ADDRESS, CIPHERS[args[0]].block); break;
      case LRC: check_lrc(call); break;
      default: duplicates(call);
    }
  }
}

static void report(void) { fprintf(stderr, "CALLS %llu REFUSALS %llu\n", (unsigned long long)calls, (unsigned long long)refusals); }

const char *__asan_default_options(void) { return "detect_leaks=0:quarantine_size_mb=1:malloc_context_size=0"; }

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  INSTANTIATE(&core);
  memory = LINEAR_MEMORY(&core)->data;
  memcpy(tables, memory + TABLES_ADDRESS, TABLES_BYTES);
  fill(table_key, sizeof table_key, TABLE_KEY_SEED, TABLE_KEY_SALT);
  __asan_poison_memory_region(memory, LINEAR_MEMORY(&core)->size);
  __asan_set_error_report_callback(on_access);
  atexit(report);
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static call_t call;
  next = data, end = data + size;
  for (int count = 0; next < end && count < MAX_CALLS; count++) {
    read_call(&call);
    run(&call);
  }
  empty_used();
  return 0;
}
