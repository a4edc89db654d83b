#include "shared_volume.h"

#include <atomic>
#include <cerrno>
#include <map>
#include <mutex>
#include <new>
#include <sys/random.h>

namespace ram {
namespace {

struct Registry {
  std::mutex lock;
  std::map<std::string, std::weak_ptr<SharedVolume>, std::less<>> volumes;  // guarded by lock
};

// Never destroyed: threads may still end Volumes while the process exits.
Registry& registry() {
  static Registry* instance = new Registry;
  return *instance;
}

std::atomic<uint32_t> lastDevice{0};

bool makeToken(std::string* out) {
  uint8_t random[16];
  if (getrandom(random, sizeof random, 0) != sizeof random) return false;
  static const char digits[] = "0123456789abcdef";
  *out = "ram-volume-";
  for (uint8_t byte : random) {
    out->push_back(digits[byte >> 4]);
    out->push_back(digits[byte & 15]);
  }
  return true;
}

}  // namespace

int SharedVolume::make(const StoreOptions& options, const LocalIdentity& identity,
                       std::shared_ptr<SharedVolume>* out, const char** syscall) try {
  std::string token;
  if (!makeToken(&token)) {
    *syscall = "getrandom";
    return -errno;
  }
  Store* store = nullptr;
  int result = Store::make(options, &store, syscall);
  if (result < 0) return result;
  out->reset(new SharedVolume(store, identity, std::move(token), ++lastDevice));
  Registry& all = registry();
  std::lock_guard guard(all.lock);
  all.volumes.emplace((*out)->token_, *out);
  return 0;
} catch (const std::bad_alloc&) {
  *syscall = "malloc";
  return -ENOMEM;
}

std::shared_ptr<SharedVolume> SharedVolume::find(std::string_view token) {
  Registry& all = registry();
  std::lock_guard guard(all.lock);
  auto found = all.volumes.find(token);
  return found == all.volumes.end() ? nullptr : found->second.lock();
}

SharedVolume::SharedVolume(Store* store, const LocalIdentity& identity, std::string token,
                           uint32_t device)
    : store_(store), client_(store, identity), token_(std::move(token)), device_(device) {}

SharedVolume::~SharedVolume() {
  Registry& all = registry();
  {
    std::lock_guard guard(all.lock);
    all.volumes.erase(token_);
  }
  client_.closeAll();
  store_->close();
  store_->release();
}

}  // namespace ram
