// What each request means: one handler per opcode, in a table. The handlers are grouped by theme
// in operations_*.cc: names, attributes, files, directories, xattrs, locks, session.
#pragma once

#include <array>
#include <cstdint>

#include "session.h"

namespace ram::fuse {

// Returns the length of the reply's body, -errno, or kNoReply. May be called by several threads at
// once; arguments that do not parse are -EINVAL.
using Handler = int64_t (*)(Session& session, Request& request, Reply& reply);

struct Operation {
  const char* name = nullptr;
  Handler handler = nullptr;
  bool mayTakeLong = false;  // waits for durability, or touches memory without bound
  bool frees = false;        // deletes or closes: space comes back, perhaps later
  bool givesBack = false;    // what the kernel sends when it is done with a file
  bool byRights = false;     // for what the caller may do, not for what he has open
};

extern const std::array<Operation, kOpcodeCount> kOperations;

// Whether the kernel waits for no reply to such a request, not even for an error.
constexpr bool isUnanswered(uint32_t opcode) {
  return opcode == kForget || opcode == kBatchForget || opcode == kInterrupt ||
         opcode == kNotifyReply;
}

// --- names ---------------------------------------------------------------------------------------
int64_t lookup(Session&, Request&, Reply&);
int64_t forget(Session&, Request&, Reply&);
int64_t batchForget(Session&, Request&, Reply&);
int64_t makeNode(Session&, Request&, Reply&);
int64_t makeDirectory(Session&, Request&, Reply&);
int64_t makeSymlink(Session&, Request&, Reply&);
int64_t readSymlink(Session&, Request&, Reply&);
int64_t link(Session&, Request&, Reply&);
int64_t unlink(Session&, Request&, Reply&);
int64_t removeDirectory(Session&, Request&, Reply&);
int64_t rename(Session&, Request&, Reply&);
int64_t rename2(Session&, Request&, Reply&);

// --- attributes ----------------------------------------------------------------------------------
int64_t getAttributes(Session&, Request&, Reply&);
int64_t setAttributes(Session&, Request&, Reply&);
int64_t extendedStat(Session&, Request&, Reply&);
int64_t access(Session&, Request&, Reply&);
int64_t statistics(Session&, Request&, Reply&);

// --- open files ----------------------------------------------------------------------------------
int64_t open(Session&, Request&, Reply&);
int64_t create(Session&, Request&, Reply&);
int64_t makeTemporary(Session&, Request&, Reply&);
int64_t release(Session&, Request&, Reply&);
int64_t read(Session&, Request&, Reply&);
int64_t write(Session&, Request&, Reply&);
int64_t flush(Session&, Request&, Reply&);
int64_t sync(Session&, Request&, Reply&);
int64_t syncAll(Session&, Request&, Reply&);
int64_t allocate(Session&, Request&, Reply&);
int64_t seek(Session&, Request&, Reply&);
int64_t copyRange(Session&, Request&, Reply&);
int64_t copyRange64(Session&, Request&, Reply&);

// --- directories ---------------------------------------------------------------------------------
int64_t openDirectory(Session&, Request&, Reply&);
int64_t readDirectory(Session&, Request&, Reply&);
int64_t readDirectoryPlus(Session&, Request&, Reply&);
int64_t releaseDirectory(Session&, Request&, Reply&);
// Gives back the references in a reply to readdirplus that the kernel never took.
void forgetEntries(Session&, const Caller&, std::span<const std::byte> body);

// --- extended attributes -------------------------------------------------------------------------
int64_t getXattr(Session&, Request&, Reply&);
int64_t setXattr(Session&, Request&, Reply&);
int64_t listXattr(Session&, Request&, Reply&);
int64_t removeXattr(Session&, Request&, Reply&);

// --- locks ---------------------------------------------------------------------------------------
int64_t getLock(Session&, Request&, Reply&);
int64_t setLock(Session&, Request&, Reply&);
int64_t setLockWait(Session&, Request&, Reply&);
int64_t interrupt(Session&, Request&, Reply&);

// --- session -------------------------------------------------------------------------------------
int64_t init(Session&, Request&, Reply&);
int64_t destroy(Session&, Request&, Reply&);
int64_t notSupported(Session&, Request&, Reply&);  // -ENOSYS: the kernel does it itself from now on
int64_t notForThisFile(Session&, Request&, Reply&);  // -ENOTTY
int64_t ignore(Session&, Request&, Reply&);          // no reply is due

}  // namespace ram::fuse
