// One mount: what its requests share. Dispatch (what requests mean) starts here; how they travel
// is the transport's business.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "bare_listings.h"
#include "freed_space.h"
#include "io_modes.h"
#include "lock_table.h"
#include "notifier.h"
#include "protocol.h"
#include "ram/file_system.h"
#include "ram/spread.h"
#include "reply.h"
#include "request.h"
#include "transport.h"

namespace ram::fuse {

// How long the kernel may remember names and attributes without asking. Long, because every change
// from elsewhere is announced; finite, so that nothing wrong could last for ever.
inline constexpr uint64_t kLifetimeSeconds = 24 * 60 * 60;

// The largest data of one read or write; the kernel's limit by default (fs.fuse.max_pages_limit).
inline constexpr uint32_t kDataMax = 1u << 20;
// What a transport must be able to receive and to send in one piece.
inline constexpr size_t kRequestMax = kDataMax + 4096;
inline constexpr size_t kReplyMax = kDataMax + 4096;

struct SessionOptions {
  bool direct = false;               // io 'direct': no page cache
  bool passthrough = false;          // io 'passthrough', where the kernel lets us
  bool rootOnly = false;             // only root gets in, and the kernel checks no permissions
  bool volumeLocks = false;          // locks 'volume': our lock table, not the kernel's
  std::string root = {};             // the directory that is mounted, "a/b"; empty: all
  uint64_t initFlags = ~uint64_t{0}; // what may be negotiated; tests mask some
  uint32_t protocolMinor = kMinor;   // as a kernel of this minor would have it, if it is older
};

// What INIT agreed on.
struct Negotiated {
  bool done = false;
  uint32_t minor = 0;
  uint64_t flags = 0;  // InitFlag
  uint32_t maxWrite = 0, maxPages = 0;
  uint32_t openFlags = ~uint32_t{0};    // OpenReplyFlags that may be used
  uint32_t opcodeEnd = kOpcodeCount;    // opcodes from here on are unknown
};

struct Counters {
  std::array<SpreadCounter, kOpcodeCount> requests;
  SpreadCounter unknown;    // opcodes that this driver does not know
  SpreadCounter malformed;
  SpreadCounter errors;     // replies with an error other than "no such name"
};

struct Operation;

class Session final : public RequestHandler, public LockListener, public BackingDevice {
 public:
  // Takes a reference on `fileSystem` until close().
  Session(FileSystem* fileSystem, Transport& transport, const SessionOptions& options);
  ~Session() { close(); }

  // Registers the mount. Returns 0 or -errno; to be called before any request.
  int attach();
  // Gives back everything; no request may be running. Idempotent.
  void close();

  // Answers one request. Both buffers are aligned to 8; `replyMemory` holds kReplyMax bytes.
  // Called from any thread; returns when the reply is sent, or will be sent later.
  void handle(std::span<const std::byte> bytes, uint32_t channel,
              std::span<std::byte> replyMemory) override;

  void lockSettled(uint64_t unique, uint32_t channel, int result) override;
  int openBacking(int fd) override { return transport.openBacking(fd); }
  void closeBacking(int id) override { transport.closeBacking(id); }
  // Waits a moment for the space of deleted files that the kernel is about to forget. May pass the
  // transport's waiting on to another thread.
  void awaitForgotten();
  // For a request that found too little space: tries again each time that some comes back, until
  // `attempt()` says that it needs no more, or none seems to be on its way. As awaitForgotten().
  // An attempt that waits as well, for what is left, does so with what is left of this patience.
  template <class Attempt>
  void retryWithFreedSpace(Request& request, Attempt attempt);

  // Called once with 0 or -errno when INIT is answered.
  void (*onInit)(void* context, int result) = nullptr;
  void* onInitContext = nullptr;

  FileSystem& fileSystem;
  const SessionOptions options;
  Transport& transport;
  Notifier notifier;
  IoModes ioModes;
  FreedSpace freedSpace;
  BareListings bareListings;
  Counters counters;
  std::shared_ptr<LockTable> locks;
  uint32_t mount = 0;
  // What the kernel calls node 1. Of another directory than the store's root a reference is held.
  uint64_t root = kRootInode;
  Negotiated negotiated;  // written by INIT, before which no other request is answered
  std::atomic<bool> ready{false};
  std::optional<int> initialized;  // by INIT: its outcome, until the reply is sent
  // 1: passed through; 0: not asked for; or why not: -EOPNOTSUPP where the kernel or the Volume
  // can't, -EPERM without CAP_SYS_ADMIN.
  std::atomic<int> passthrough{0};

 private:
  int64_t dispatch(Request& request, Reply& reply);
  void finishInit();
  int startPassthrough();
  int64_t run(const Operation& operation, Request request, Reply& reply);
  bool awaitArrival(uint64_t seen, Patience& patience);
  uint32_t lowerHeld();
  void undo(const Request& request, const Reply& reply);

  std::atomic<uint32_t> held_{0};  // deleted files that somebody seems to hold for long

  std::mutex closeMutex_;
  bool open_ = false;  // guarded by closeMutex_
};

template <class Attempt>
void Session::retryWithFreedSpace(Request& request, Attempt attempt) {
  if (!freedSpace.mayCome() || !transport.expectDelay()) return;
  if (!request.patience) request.patience.emplace(transport.mark());
  const uint64_t expected = freedSpace.expected();
  for (;;) {
    const uint64_t seen = freedSpace.arrivals();
    if (attempt()) return;
    if (!awaitArrival(seen, *request.patience)) break;
  }
  freedSpace.settle(expected);
  held_.store(fileSystem.awaitedForgets());
}

}  // namespace ram::fuse
