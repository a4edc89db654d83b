#include "request.h"

#include <cerrno>
#include <cstring>

namespace ram::fuse {

bool Arguments::takeString(std::string_view* out) {
  if (rest_.empty()) return false;
  const char* start = reinterpret_cast<const char*>(rest_.data());
  const void* end = std::memchr(start, 0, rest_.size());
  if (end == nullptr) return false;
  size_t length = static_cast<size_t>(static_cast<const char*>(end) - start);
  *out = std::string_view(start, length);
  rest_ = rest_.subspan(length + 1);
  return true;
}

int Arguments::takeName(std::string_view* out) {
  std::string_view name;
  if (!takeString(&name) || name.empty()) return -EINVAL;
  if (name.size() > kNameMax) return -ENAMETOOLONG;
  if (name.find('/') != std::string_view::npos) return -EINVAL;
  *out = name;
  return 0;
}

int parseRequest(std::span<const std::byte> bytes, Request* out) {
  if (bytes.size() < sizeof(InHeader)) return -EINVAL;
  auto* header = reinterpret_cast<const InHeader*>(bytes.data());
  if (header->length != bytes.size()) return -EINVAL;
  size_t extensionBytes = size_t{header->extensionLength} * 8;
  if (extensionBytes > bytes.size() - sizeof(InHeader)) return -EINVAL;
  auto body = bytes.subspan(sizeof(InHeader));
  out->header = header;
  out->arguments = Arguments(body.first(body.size() - extensionBytes));
  out->extensions = body.last(extensionBytes);
  out->caller = {header->uid, header->gid, header->pid, 0, header->unique};
  return 0;
}

bool supplementaryGroup(const Request& request, uint32_t* gid) {
  auto rest = request.extensions;
  while (rest.size() >= sizeof(ExtensionHeader)) {
    ExtensionHeader header;  // copied: extensions follow names and need not be aligned
    std::memcpy(&header, rest.data(), sizeof(header));
    if (header.size < sizeof(header) || header.size > rest.size()) return false;
    auto body = rest.first(header.size).subspan(sizeof(header));
    SupplementaryGroups groups;
    if (header.type == kExtensionGroups && body.size() >= sizeof(groups) + sizeof(*gid)) {
      std::memcpy(&groups, body.data(), sizeof(groups));
      if (groups.count < 1) return false;
      std::memcpy(gid, body.data() + sizeof(groups), sizeof(*gid));
      return true;
    }
    rest = rest.subspan(header.size);
  }
  return false;
}

}  // namespace ram::fuse
