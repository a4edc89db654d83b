#include "ring_wrap.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <sched.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include "arguments.h"
#include "async_wake.h"
#include "exposed_memory.h"
#include "packed_records.h"
#include "ring_file.h"
#include "spin.h"

namespace ram {
namespace {

struct NativeRing {
  // Shared with the ArrayBuffer, which may outlive us.
  std::shared_ptr<RingFile> file;
  // One for the consumer (0), one for the producer (1).
  std::unique_ptr<AsyncWake> wakes[2];
  bool keepsAlive[2] = {true, true};
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

// announceSleep(offset): before the last look, see ring.h
int64_t announceSleep(Call& call) {
  ring::announceSleep(*wordAt(call, 0));
  return 0;
}

// keepAlive(which, on): whether a wait keeps the event loop alive
int64_t keepAlive(Call& call) {
  size_t which = call.word(0) & 1;
  call.self->keepsAlive[which] = call.number(1) != 0;
  auto& wake = call.self->wakes[which];
  if (wake) wake->keepAlive(call.self->keepsAlive[which]);
  return 0;
}

// The bytes of a typed array; {nullptr, 0} for anything else.
struct Span {
  void* data = nullptr;
  size_t size = 0;

  Span(napi_env env, napi_value value) {
    napi_typedarray_type type;
    size_t count = 0;
    bool known = napi_get_typedarray_info(env, value, &type, &count, &data, nullptr, nullptr) ==
                 napi_ok;
    bool words = type == napi_int32_array || type == napi_uint32_array;
    size = !known || data == nullptr ? 0 : words ? count * 4 : count;
  }
};

PackedRecords packedOf(Call& call, size_t first) {
  Span bytes(call.env, call[first]);
  Span lengths(call.env, call[first + 1]);
  Span types(call.env, call[first + 2]);
  size_t count = lengths.size / 4;
  if (types.data != nullptr) count = std::min(count, types.size / 4);
  return {static_cast<uint8_t*>(bytes.data), bytes.size, static_cast<uint32_t*>(lengths.data),
          static_cast<uint32_t*>(types.data), static_cast<uint32_t>(count)};
}

// Both numbers in one that JavaScript holds exactly: units are at most 2^26.
int64_t packMoved(MovedRecords moved) { return int64_t{moved.records} << 27 | moved.units; }

// writePacked(tail, freeUnits, type, bytes, lengths, types?): records * 2^27 + units
int64_t writePacked(Call& call) {
  return packMoved(copyIn(call.self->file->ring(), call.word(0), call.word(1), packedOf(call, 3),
                          call.word(2)));
}

// readPacked(head, filledUnits, into, lengths, types?): records * 2^27 + units
int64_t readPacked(Call& call) {
  return packMoved(
      copyOut(call.self->file->ring(), call.word(0), call.word(1), packedOf(call, 2)));
}

// copyOut(into, offset, length): `length` bytes at `offset` to the start of `into`
int64_t copyBytesOut(Call& call) {
  Span into(call.env, call[0]);
  size_t length = call.word(2);
  if (length > into.size) return -EINVAL;
  memcpy(into.data, call.self->file->ring().base + call.word(1), length);
  return 0;
}

// waitAsync(which, offset, expected, watched, callback): calls back once, later.
int64_t waitAsync(Call& call) {
  auto& wake = call.self->wakes[call.word(0) & 1];
  if (!wake) wake = AsyncWake::make(call.env, call.self->file);
  if (!wake) return -ENOMEM;
  wake->keepAlive(call.self->keepsAlive[call.word(0) & 1]);
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

// pause(nanoseconds), yieldThread(), cheapStores(): see native.ts
napi_value pause(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  pauseFor(static_cast<uint32_t>(readNumber(env, arguments[0])));
  return nullptr;
}

napi_value yieldThread(napi_env, napi_callback_info) {
  sched_yield();
  return nullptr;
}

napi_value cheapStores(napi_env env, napi_callback_info) {
#if defined(__x86_64__)
  static const bool registered = ring::registerForHeavyBarriers() == 0;
#else
  constexpr bool registered = false;
#endif
  return makeNumber(env, registered);
}

napi_value construct(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  auto drop = [](napi_env, void* data, void*) { delete static_cast<NativeRing*>(data); };
  auto* ring = new NativeRing;
  // Fails in an environment that ends.
  if (napi_wrap(env, arguments.self, ring, drop, nullptr, nullptr) != napi_ok) delete ring;
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
      make("announceSleep", method<announceSleep>),
      make("keepAlive", method<keepAlive>),
      make("writePacked", method<writePacked>),
      make("readPacked", method<readPacked>),
      make("copyOut", method<copyBytesOut>),
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
  setFunction(env, exports, "pause", pause);
  setFunction(env, exports, "yieldThread", yieldThread);
  setFunction(env, exports, "cheapStores", cheapStores);
}

}  // namespace ram
