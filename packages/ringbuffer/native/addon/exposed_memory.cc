#include "exposed_memory.h"

#include <cerrno>
#include <memory>
#include <mutex>
#include <new>
#include <unordered_map>

namespace ram {
namespace {

struct Exposed {
  void* base;
  std::function<void()> drop;
};

std::mutex registryMutex;
// What freeMemory() may free: the live ones by address.
std::unordered_map<void*, Exposed*>& registry() {
  static std::unordered_map<void*, Exposed*> map;
  return map;
}

bool forget(void* base, const Exposed* exposed) {
  std::lock_guard lock(registryMutex);
  auto found = registry().find(base);
  if (found == registry().end() || found->second != exposed) return false;
  registry().erase(found);
  return true;
}

void finalize(napi_env, void*, void* hint) {
  std::unique_ptr<Exposed> exposed(static_cast<Exposed*>(hint));
  if (forget(exposed->base, exposed.get())) exposed->drop();
}

}  // namespace

int exposeMemory(napi_env env, void* base, size_t bytes, std::function<void()> drop,
                 napi_value* out) {
  auto* exposed = new Exposed{base, std::move(drop)};
  {
    std::lock_guard lock(registryMutex);
    registry()[base] = exposed;
  }
  napi_status status = napi_create_external_arraybuffer(env, base, bytes, finalize, exposed, out);
  if (status == napi_ok) return 0;
  forget(base, exposed);
  exposed->drop();
  delete exposed;
  return status == napi_no_external_buffers_allowed ? -ENOTSUP : -ENOMEM;
}

int freeMemory(napi_env env, napi_value buffer) {
  void* base = nullptr;
  size_t bytes = 0;
  if (napi_get_arraybuffer_info(env, buffer, &base, &bytes) != napi_ok) return -EINVAL;
  if (base == nullptr || bytes == 0) return -EINVAL;
  Exposed* exposed = nullptr;
  {
    std::lock_guard lock(registryMutex);
    auto found = registry().find(base);
    if (found == registry().end()) return -EINVAL;
    exposed = found->second;
  }
  if (napi_detach_arraybuffer(env, buffer) != napi_ok) return -EINVAL;
  // The finalizer may run inside the detaching or later; it deletes `exposed`.
  std::function<void()> drop;
  {
    std::lock_guard lock(registryMutex);
    auto found = registry().find(base);
    if (found == registry().end() || found->second != exposed) return 0;
    drop = std::move(exposed->drop);
    registry().erase(found);
  }
  drop();
  return 0;
}

}  // namespace ram
