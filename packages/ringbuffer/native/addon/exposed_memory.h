// ArrayBuffers over memory that is ours, freed by the collector or at once.
#pragma once

#include <cstddef>
#include <functional>

#include <node_api.h>

namespace ram {

// An ArrayBuffer over [base, base + bytes). `drop` frees the memory: when the collector has taken
// the ArrayBuffer and every view of it, when the thread ends, or in freeMemory(). When it can't be
// made `drop` is called and the result is -ENOTSUP (a runtime without external memory) or -ENOMEM.
int exposeMemory(napi_env env, void* base, size_t bytes, std::function<void()> drop,
                 napi_value* out);

// Detaches the ArrayBuffer, so that every view of it has length 0, and frees its memory now. Memory
// that JavaScript has moved to another ArrayBuffer is left to the collector. Its copies are nothing
// of ours. 0, or -EINVAL when it was freed before.
int freeMemory(napi_env env, napi_value buffer);

}  // namespace ram
