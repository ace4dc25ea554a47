// Loaded before a program (LD_PRELOAD), makes one of its calls fail, as a disk would.
//   FAIL_UNDER  folder whose files count
//   FAIL_CALL   write, fsync (of files and folders) or rename
//   FAIL_AT     which of those calls, from 1; 0: none, they are only counted
//   FAIL_ERROR  ENOSPC or EIO
//   FAIL_SHORT  1: a write takes half of its bytes before the next one fails
//   FAIL_COUNT  file that gets the number of calls at the end
//   FAIL_NAME   file that gets the path of the first that failed
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long calls;
static atomic_int broken;

static int under(const char* path) {
  const char* folder = getenv("FAIL_UNDER");
  return folder != NULL && strncmp(path, folder, strlen(folder)) == 0;
}

// Puts the path of a descriptor into `path`; whether it counts.
static int descriptor_under(int descriptor, char path[4096]) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  const ssize_t length = readlink(link, path, 4095);
  if (length < 0) return 0;
  path[length] = '\0';
  return under(path);
}

// Whether this call is the one; from then on the disk stays broken for calls of its kind.
static int fails(const char* call, const char* path) {
  const char* wanted = getenv("FAIL_CALL");
  const char* at = getenv("FAIL_AT");
  if (wanted == NULL || at == NULL || strcmp(wanted, call) != 0) return 0;
  const long count = atomic_fetch_add(&calls, 1) + 1;
  if (count == atol(at)) {
    atomic_store(&broken, 1);
    const char* name = getenv("FAIL_NAME");
    FILE* file = name == NULL ? NULL : fopen(name, "w");
    if (file != NULL) {
      fputs(path, file);
      fclose(file);
    }
  }
  return atomic_load(&broken);
}

static int failure(void) {
  const char* error = getenv("FAIL_ERROR");
  errno = error != NULL && strcmp(error, "EIO") == 0 ? EIO : ENOSPC;
  return -1;
}

__attribute__((destructor)) static void report(void) {
  const char* path = getenv("FAIL_COUNT");
  FILE* file = path == NULL ? NULL : fopen(path, "w");
  if (file == NULL) return;
  fprintf(file, "%ld\n", atomic_load(&calls));
  fclose(file);
}

ssize_t write(int descriptor, const void* bytes, size_t size) {
  static ssize_t (*next)(int, const void*, size_t);
  static atomic_int halved;
  if (next == NULL) next = (ssize_t(*)(int, const void*, size_t))dlsym(RTLD_NEXT, "write");
  char path[4096];
  if (descriptor > 2 && descriptor_under(descriptor, path) && fails("write", path)) {
    const char* half = getenv("FAIL_SHORT");
    if (half != NULL && *half == '1' && size > 1 && !atomic_exchange(&halved, 1)) {
      return next(descriptor, bytes, size / 2);
    }
    return failure();
  }
  return next(descriptor, bytes, size);
}

ssize_t writev(int descriptor, const struct iovec* parts, int count) {
  static ssize_t (*next)(int, const struct iovec*, int);
  if (next == NULL) next = (ssize_t(*)(int, const struct iovec*, int))dlsym(RTLD_NEXT, "writev");
  char path[4096];
  if (descriptor > 2 && descriptor_under(descriptor, path) && fails("write", path)) return failure();
  return next(descriptor, parts, count);
}

int fsync(int descriptor) {
  static int (*next)(int);
  if (next == NULL) next = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  char path[4096];
  if (descriptor_under(descriptor, path) && fails("fsync", path)) return failure();
  return next(descriptor);
}

int rename(const char* from, const char* to) {
  static int (*next)(const char*, const char*);
  if (next == NULL) next = (int (*)(const char*, const char*))dlsym(RTLD_NEXT, "rename");
  if (under(to) && fails("rename", to)) return failure();
  return next(from, to);
}

// By which a checkpoint changes places with one of the same name.
int renameat2(int from_folder, const char* from, int to_folder, const char* to, unsigned flags) {
  static int (*next)(int, const char*, int, const char*, unsigned);
  if (next == NULL) {
    next = (int (*)(int, const char*, int, const char*, unsigned))dlsym(RTLD_NEXT, "renameat2");
  }
  if (under(to) && fails("rename", to)) return failure();
  return next(from_folder, from, to_folder, to, flags);
}
