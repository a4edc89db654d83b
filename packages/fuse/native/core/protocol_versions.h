// What each minor version of the protocol brought, from 7.32 on: so that a mount can be made as an
// older kernel would have it. Source: the changelog in include/uapi/linux/fuse.h of Linux 6.18.
//
//   7.34 Linux 5.14   7.37 6.1   7.40 6.9    7.43 6.15
//   7.35       5.16   7.38 6.2   7.41 6.12   7.44 6.16
//   7.36       5.17   7.39 6.6   7.42 6.14   7.45 6.18
//
// A distribution's kernel may have more than its minor says: nothing is taken from what a kernel
// offers unless an older one is asked for.
#pragma once

#include <cstdint>

#include "protocol.h"

namespace ram::fuse {

// The InitFlags that a kernel of this minor knows.
constexpr uint64_t initFlagsOf(uint32_t minor) {
  constexpr struct {
    uint64_t flag;
    uint32_t since;
  } kFlags[] = {
      {kSubmounts, 32},      {kHandleKillPrivilegesV2, 33},   {kSetxattrExtended, 33},
      {kInitExtended, 36},   {kSecurityContext, 36},          {kInodeDax, 36},
      {kExpireOnly, 38},     {kCreateSupplementaryGroup, 38}, {kDirectIoAllowMmap, 39},
      {kPassthrough, 40},    {kNoExportSupport, 40},          {kHasResend, 40},
      {kAllowIdmap, 41},     {kOverIoUring, 42},              {kRequestTimeout, 43},
  };
  uint64_t known = minor >= kMinor ? ~uint64_t{0} : kSubmounts - 1;
  for (auto [flag, since] : kFlags) {
    if (minor >= since) known |= flag;
  }
  return known;
}

// The OpenReplyFlags that it heeds.
constexpr uint32_t openFlagsOf(uint32_t minor) {
  uint32_t known = kOpenNoFlush - 1;
  if (minor >= 35) known |= kOpenNoFlush;
  if (minor >= 38) known |= kOpenParallelDirectWrites;
  if (minor >= 40) known |= kOpenPassthrough;
  return known;
}

// It sends no opcode from this one on.
constexpr uint32_t opcodeEndOf(uint32_t minor) {
  if (minor >= 45) return kOpcodeCount;
  if (minor >= 39) return kCopyFileRange64;
  if (minor >= 37) return kStatx;
  if (minor >= 34) return kTmpfile;
  return kSyncfs;
}

static_assert((initFlagsOf(34) >> 30) == 0 && (initFlagsOf(37) & kExpireOnly) == 0);

}  // namespace ram::fuse
