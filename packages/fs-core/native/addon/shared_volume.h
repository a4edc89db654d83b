// One Volume of the process: a store and its client, shared by the Volume objects of all threads.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "local_client.h"
#include "store.h"

namespace ram {

// Ends the store when the last Volume object that shares it is closed or collected. Drivers and
// views may outlive it: they hold references on the store.
class SharedVolume {
 public:
  // On failure returns -errno and names the failed system call in *syscall.
  static int make(const StoreOptions& options, const LocalIdentity& identity,
                  std::shared_ptr<SharedVolume>* out, const char** syscall);
  // The living Volume with this token, or null. Any thread.
  static std::shared_ptr<SharedVolume> find(std::string_view token);

  ~SharedVolume();
  SharedVolume(const SharedVolume&) = delete;
  SharedVolume& operator=(const SharedVolume&) = delete;

  Store* store() const { return store_; }
  LocalClient* client() { return &client_; }
  const std::string& token() const { return token_; }  // unguessable
  uint32_t device() const { return device_; }          // for st_dev; unique in the process

 private:
  SharedVolume(Store* store, const LocalIdentity& identity, std::string token, uint32_t device);

  Store* const store_;
  LocalClient client_;
  const std::string token_;
  const uint32_t device_;
};

}  // namespace ram
