#include "ring_wrap.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include "arguments.h"
#include "async_wake.h"
#include "exposed_memory.h"
#include "ring_file.h"

namespace ram {
namespace {

struct NativeRing {
  // Shared with the ArrayBuffer, which may outlive us.
  std::shared_ptr<RingFile> file;
  // One for the consumer (0), one for the producer (1).
  std::unique_ptr<AsyncWake> wakes[2];
  int descriptor = -1;  // to hand to others; takes no locks
  const char* failedCall = "";

  ~NativeRing() { close(); }

  void close() {
    for (auto& wake : wakes) wake.reset();
    if (descriptor >= 0) ::close(descriptor);
    descriptor = -1;
    if (file) file->closeDescriptor();
    file.reset();
  }

  int open(int fd) {
    if (fd < 0) return fd;
    auto opened = std::make_shared<RingFile>();
    int result = opened->map(fd);
    failedCall = "mmap";
    if (result == 0) file = std::move(opened);
    return result;
  }
};

struct Call : Arguments {
  napi_env env;
  NativeRing* self = nullptr;

  Call(napi_env env, napi_callback_info info) : Arguments(env, info), env(env) {
    napi_unwrap(env, Arguments::self, reinterpret_cast<void**>(&self));
  }
  int64_t number(size_t i) const { return readNumber(env, values[i]); }
  uint32_t word(size_t i) const { return static_cast<uint32_t>(number(i)); }
};

// A method is int64_t(Call&). A ring that isn't open (any more) answers -EBADF.
template <int64_t (*kMethod)(Call&), bool kNeedsOpen = true>
napi_value method(napi_env env, napi_callback_info info) {
  Call call(env, info);
  bool usable = call.self != nullptr && (!kNeedsOpen || call.self->file);
  return makeNumber(env, usable ? kMethod(call) : -EBADF);
}

// create(kind, capacity, path | undefined): 0 or -errno
int64_t create(Call& call) {
  std::string path = readString(call.env, call[2]);
  const char* name = isString(call.env, call[2]) ? path.c_str() : nullptr;
  int fd = createRing(name, call.word(0), call.word(1), &call.self->failedCall);
  return call.self->open(fd);
}

// open(path | descriptor): 0, -errno or a kRing… number. The descriptor stays the caller's.
int64_t open(Call& call) {
  call.self->failedCall = "open";
  if (isString(call.env, call[0])) {
    return call.self->open(openRingPath(readString(call.env, call[0]).c_str()));
  }
  return call.self->open(openRingDescriptor(static_cast<int>(call.number(0))));
}

// attach(first, count): token or -errno; detach(token); isDead(token); isAbandoned(slot); …
int64_t attach(Call& call) { return call.self->file->attach(call.word(0), call.word(1)); }
int64_t detach(Call& call) {
  call.self->file->detach(call.word(0));
  return 0;
}
int64_t isDead(Call& call) { return call.self->file->isDead(call.word(0)); }
int64_t isAbandoned(Call& call) { return call.self->file->isAbandoned(call.word(0)); }
int64_t isAttached(Call& call) { return call.self->file->isAttached(call.word(0)); }
int64_t stealLock(Call& call) { return call.self->file->stealLock(call.word(0)); }

uint32_t* wordAt(Call& call, size_t i) {
  return reinterpret_cast<uint32_t*>(call.self->file->ring().base + call.word(i));
}

// wait(offset, expected, timeoutMs): 0 or -errno. Blocks this thread.
int64_t wait(Call& call) {
  return ring::futexWait(wordAt(call, 0), call.word(1), call.number(2) * 1'000'000);
}

// wake(offset)
int64_t wake(Call& call) {
  ring::futexWake(wordAt(call, 0));
  return 0;
}

// waitAsync(which, offset, expected, watched, callback): calls back once, later.
int64_t waitAsync(Call& call) {
  auto& wake = call.self->wakes[call.word(0) & 1];
  if (!wake) wake = AsyncWake::make(call.env, call.self->file);
  if (!wake) return -ENOMEM;
  return wake->wait(wordAt(call, 1), call.word(2), call.word(3), call[4]) ? 0 : -EBUSY;
}

// descriptor(): one to hand to other processes, owned by the ring
int64_t descriptor(Call& call) {
  int& fd = call.self->descriptor;
  if (fd < 0) fd = openRingDescriptor(call.self->file->fd());
  return fd;
}

// inode(): of the ring's file, to know it again
int64_t inode(Call& call) {
  struct stat found;
  if (fstat(call.self->file->fd(), &found) != 0) return -errno;
  return static_cast<int64_t>(found.st_ino);
}

// ownDescriptor(): the one with the locks, for /proc
int64_t ownDescriptor(Call& call) { return call.self->file->fd(); }

// close(memory): 0 or -EBADF
int64_t close(Call& call) {
  for (auto& wake : call.self->wakes) wake.reset();
  freeMemory(call.env, call[0]);
  call.self->close();
  return 0;
}

// memory(): ArrayBuffer of kDataOffset + 2 * capacity bytes, or -errno
napi_value memory(napi_env env, napi_callback_info info) {
  Call call(env, info);
  if (call.self == nullptr || !call.self->file) return makeNumber(env, -EBADF);
  auto file = call.self->file;
  napi_value buffer = nullptr;
  uint8_t* base = file->ring().base;
  int result = exposeMemory(env, base, file->mappedBytes(), [file] {}, &buffer);
  return result == 0 ? buffer : makeNumber(env, result);
}

// failedSyscall(): of the last create() or open()
napi_value failedSyscall(napi_env env, napi_callback_info info) {
  Call call(env, info);
  return makeString(env, call.self == nullptr ? "" : call.self->failedCall);
}

napi_value construct(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  auto drop = [](napi_env, void* data, void*) { delete static_cast<NativeRing*>(data); };
  napi_wrap(env, arguments.self, new NativeRing, drop, nullptr, nullptr);
  return arguments.self;
}

constexpr napi_property_descriptor make(const char* name, napi_callback call) {
  return {name, nullptr, call, nullptr, nullptr, nullptr, napi_default_method, nullptr};
}

}  // namespace

void installRing(napi_env env, napi_value exports) {
  const napi_property_descriptor methods[] = {
      make("create", method<create, false>),
      make("open", method<open, false>),
      make("memory", memory),
      make("failedSyscall", failedSyscall),
      make("attach", method<attach>),
      make("detach", method<detach>),
      make("isDead", method<isDead>),
      make("isAbandoned", method<isAbandoned>),
      make("isAttached", method<isAttached>),
      make("stealLock", method<stealLock>),
      make("wait", method<wait>),
      make("wake", method<wake>),
      make("waitAsync", method<waitAsync>),
      make("descriptor", method<descriptor>),
      make("ownDescriptor", method<ownDescriptor>),
      make("inode", method<inode>),
      make("close", method<close>),
  };
  napi_value constructor = nullptr;
  napi_define_class(env, "NativeRing", NAPI_AUTO_LENGTH, construct, nullptr,
                    sizeof methods / sizeof *methods, methods, &constructor);
  napi_set_named_property(env, exports, "NativeRing", constructor);
}

}  // namespace ram
