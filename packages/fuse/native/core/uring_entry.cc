#include "uring_entry.h"

namespace ram::fuse {
namespace {

constexpr size_t kFrontMax = sizeof(InHeader) + sizeof(UringHeader::operation);

}  // namespace

std::span<const std::byte> UringEntry::request(std::span<std::byte> small) {
  const auto* in = reinterpret_cast<const InHeader*>(header()->inOut);
  size_t length = in->length, payloadSize = header()->entry.payloadSize;
  if (length < sizeof(InHeader) + payloadSize || length > kFrontMax + payloadSize ||
      payloadSize > kDataMax) {
    return {};
  }
  size_t structSize = length - sizeof(InHeader) - payloadSize;
  std::byte* body = payload();
  if (length <= small.size()) {
    body = small.data() + sizeof(InHeader) + structSize;
    std::memcpy(body, payload(), payloadSize);
  }
  std::byte* front = body - structSize;
  std::memcpy(front, header()->operation, structSize);
  front -= sizeof(InHeader);
  std::memcpy(front, in, sizeof(InHeader));
  return {front, length};
}

std::span<std::byte> UringEntry::replyMemory(std::span<const std::byte> request,
                                             std::span<std::byte> large) {
  bool inPlace = request.data() + request.size() > payload() &&
                 request.data() < payload() + kDataMax;
  if (inPlace) return large;
  return {payload() - sizeof(OutHeader), sizeof(OutHeader) + kDataMax};
}

int UringEntry::stage(std::span<const std::byte> reply) {
  if (!held_.exchange(false, std::memory_order_relaxed)) return -ENOENT;
  auto body = reply.subspan(sizeof(OutHeader));
  std::memcpy(header()->inOut, reply.data(), sizeof(OutHeader));
  if (!body.empty() && body.data() != payload()) std::memcpy(payload(), body.data(), body.size());
  header()->entry.payloadSize = static_cast<uint32_t>(body.size());
  return 0;
}

}  // namespace ram::fuse
