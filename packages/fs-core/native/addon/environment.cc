#include "environment.h"

#include <cstring>
#include <new>

namespace ram {

template <size_t N>
void ResultFields::put(const int64_t (&values)[N], bool asBigint) {
  static_assert(N <= kCount);
  for (size_t i = 0; i < N; ++i) {
    if (asBigint) {
      bigints[i] = values[i];
    } else {
      numbers[i] = static_cast<double>(values[i]);
    }
  }
}

void ResultFields::put(const Attributes& a, uint32_t device, bool asBigint) {
  const int64_t values[] = {
      device,
      a.mode,
      a.links,
      a.uid,
      a.gid,
      static_cast<int64_t>(a.device),
      a.blockSize,
      static_cast<int64_t>(a.inode),
      static_cast<int64_t>(a.size),
      static_cast<int64_t>(a.blocks),
      a.accessed.seconds,
      a.accessed.nanoseconds,
      a.modified.seconds,
      a.modified.nanoseconds,
      a.changed.seconds,
      a.changed.nanoseconds,
      a.born.seconds,
      a.born.nanoseconds,
  };
  static_assert(sizeof values / sizeof *values == kCount);
  put(values, asBigint);
}

void ResultFields::put(const FileSystemStats& s, bool asBigint) {
  constexpr int64_t kTmpfsMagic = 0x01021994;  // what programs look for to find memory
  const int64_t values[] = {
      kTmpfsMagic,
      static_cast<int64_t>(s.blockSize),
      static_cast<int64_t>(s.blocks),
      static_cast<int64_t>(s.blocksFree),
      static_cast<int64_t>(s.blocksFree),
      static_cast<int64_t>(s.inodes),
      static_cast<int64_t>(s.inodesFree),
  };
  put(values, asBigint);
}

Environment* Environment::of(napi_env env) {
  void* data = nullptr;
  napi_get_instance_data(env, &data);
  return static_cast<Environment*>(data);
}

bool Environment::install(napi_env env, napi_value exports) {
  auto* environment = new (std::nothrow) Environment{};
  if (environment == nullptr) return false;
  auto destroy = [](napi_env, void* data, void*) { delete static_cast<Environment*>(data); };
  if (napi_set_instance_data(env, environment, destroy, nullptr) != napi_ok) {
    delete environment;
    return false;
  }
  napi_value buffer;
  return environment->makeBuffer(env, &buffer) == napi_ok &&
         napi_set_named_property(env, exports, "fields", buffer) == napi_ok;
}

napi_status Environment::makeBuffer(napi_env env, napi_value* out) {
  fields = &own_;
  napi_status status =
      napi_create_external_arraybuffer(env, fields, sizeof *fields, nullptr, nullptr, out);
  if (status != napi_no_external_buffers_allowed) return status;
  // Electron. The strong reference keeps the memory for the life of the thread.
  void* data = nullptr;
  status = napi_create_arraybuffer(env, sizeof *fields, &data, out);
  if (status != napi_ok) return status;
  fields = static_cast<ResultFields*>(data);
  napi_ref reference;
  return napi_create_reference(env, *out, 1, &reference);
}

}  // namespace ram
