// Loaded before a program (LD_PRELOAD), refuses it large pieces of memory, as a full machine would. Only
// pieces count that the program maps itself (model/tensor_pool.cc), not what a library maps for it.
//   MEMORY_RANK     which of several processes (RANK) is concerned; without it, each
//   MEMORY_MOST     bytes of the largest piece that is granted; without it, any
//   MEMORY_LARGEST  file that gets the bytes of the largest piece that was asked for
//   MEMORY_REFUSED  file that gets the number of pieces that were refused
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/types.h>

static atomic_ulong largest;
static atomic_ulong refused;

static int concerned(void) {
  const char* wanted = getenv("MEMORY_RANK");
  const char* rank = getenv("RANK");
  return wanted == NULL || (rank != NULL && strcmp(wanted, rank) == 0);
}

// Whether the address lies in the program, and not in one of its libraries.
static int of_program(void* address) {
  Dl_info here, entry;
  return dladdr(address, &here) != 0 && dladdr((void*)getauxval(AT_ENTRY), &entry) != 0 &&
         here.dli_fbase == entry.dli_fbase;
}

static void put(const char* variable, unsigned long number) {
  const char* path = getenv(variable);
  FILE* file = path == NULL || !concerned() ? NULL : fopen(path, "w");
  if (file == NULL) return;
  fprintf(file, "%lu\n", number);
  fclose(file);
}

__attribute__((destructor)) static void report(void) {
  put("MEMORY_LARGEST", atomic_load(&largest));
  put("MEMORY_REFUSED", atomic_load(&refused));
}

// Whether the program asks for memory that it is not to have.
static int refuses(size_t bytes, void* caller) {
  if (!concerned() || !of_program(caller)) return 0;
  unsigned long most = atomic_load(&largest);
  while (bytes > most && !atomic_compare_exchange_weak(&largest, &most, bytes)) continue;
  const char* limit = getenv("MEMORY_MOST");
  if (limit == NULL || bytes <= strtoul(limit, NULL, 10)) return 0;
  atomic_fetch_add(&refused, 1);
  return 1;
}

void* mmap(void* address, size_t bytes, int protection, int flags, int file, off_t offset) {
  static void* (*next)(void*, size_t, int, int, int, off_t);
  if (next == NULL) {
    next = (void* (*)(void*, size_t, int, int, int, off_t))dlsym(RTLD_NEXT, "mmap");
  }
  if (file == -1 && refuses(bytes, __builtin_return_address(0))) {
    errno = ENOMEM;
    return MAP_FAILED;
  }
  return next(address, bytes, protection, flags, file, offset);
}
