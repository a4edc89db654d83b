// What one JavaScript thread (a main thread or a worker) has of the addon.
#pragma once

#include <cstdint>

#include <node_api.h>

#include "ram/file_system.h"

namespace ram {

// Where calls put results that are several numbers, for TypeScript to pick up: one per thread, read
// at once. Owned by C++ where the runtime allows it, so that detaching the ArrayBuffer over it does
// no harm.
struct ResultFields {
  static constexpr size_t kCount = 18;
  union {
    double numbers[kCount];
    int64_t bigints[kCount];
  };

  // Each writes in the order of node:fs's Stats and StatFs.
  void put(const Attributes& attributes, uint32_t device, bool asBigint);
  void put(const FileSystemStats& stats, bool asBigint);

 private:
  template <size_t N>
  void put(const int64_t (&values)[N], bool asBigint);
};

struct Environment {
  ResultFields* fields;

  static Environment* of(napi_env env);
  // Creates it and puts `fields` (an ArrayBuffer) on `exports`.
  static bool install(napi_env env, napi_value exports);

 private:
  napi_status makeBuffer(napi_env env, napi_value* out);

  ResultFields own_{};
};

}  // namespace ram
