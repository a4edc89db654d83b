// What a reply to a request must look like for the kernel to take it; see fs/fuse/dev.c of Linux
// and the readers of each reply in fs/fuse.
#pragma once

#include "fuzz_requests.h"

namespace ram::fuse {

// Whether a request of this kind is answered at all.
bool wantsReply(uint32_t opcode);

// What is wrong with the reply; empty: nothing.
std::string wrongWith(const FuzzedRequest& request, const RecordingTransport::Message& reply);

}  // namespace ram::fuse
