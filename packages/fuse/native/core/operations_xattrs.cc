// Requests about extended attributes.
#include <cerrno>
#include <cstring>

#include "operations.h"

namespace ram::fuse {
namespace {

constexpr size_t kXattrNameMax = 255;
constexpr uint32_t kXattrSizeMax = 65536;

// Names that the kernel and common programs ask for on every file. Answered so that they stop:
// there is no SELinux labelling and there are no ACLs here.
bool isRefused(std::string_view name) {
  return name == "security.selinux" || name == "system.posix_acl_access" ||
         name == "system.posix_acl_default";
}

int takeXattrName(Request& request, std::string_view* name) {
  if (!request.arguments.takeString(name) || name->empty()) return -EINVAL;
  if (name->size() > kXattrNameMax) return -ERANGE;
  return isRefused(*name) ? -EOPNOTSUPP : 0;
}

// A reply to a question for the length (size 0) or for the value.
int64_t replySized(ssize_t result, uint32_t asked, Reply& reply) {
  if (result < 0 || asked != 0) return result;
  reply.make<GetxattrOut>()->size = static_cast<uint32_t>(result);
  return sizeof(GetxattrOut);
}

// Names that only root may know of, as on tmpfs. The kernel itself refuses to get, set and remove
// them, but not to list them.
bool isTrusted(std::string_view name) { return name.starts_with("trusted."); }

// The list without trusted names, made in the reply whether names or their length were asked for.
int64_t listForUsers(Session& session, Request& request, uint32_t asked, Reply& reply) {
  auto* names = reinterpret_cast<char*>(reply.body().data());
  ssize_t all = session.fileSystem.listXattr(request.caller, request.node(), names,
                                             reply.body().size());
  ssize_t kept = 0;
  for (ssize_t at = 0; at < all;) {
    std::string_view name(names + at);
    ssize_t size = static_cast<ssize_t>(name.size()) + 1;
    if (!isTrusted(name)) {
      std::memmove(names + kept, names + at, static_cast<size_t>(size));
      kept += size;
    }
    at += size;
  }
  if (all < 0) return all;
  return asked != 0 && kept > asked ? -ERANGE : replySized(kept, asked, reply);
}

}  // namespace

int64_t getXattr(Session& session, Request& request, Reply& reply) {
  auto* in = request.arguments.take<GetxattrIn>();
  std::string_view name;
  if (in == nullptr || in->size > reply.body().size()) return -EINVAL;
  if (int error = takeXattrName(request, &name)) return error;
  void* value = in->size == 0 ? nullptr : reply.body().data();
  ssize_t result =
      session.fileSystem.getXattr(request.caller, request.node(), name, value, in->size);
  return replySized(result, in->size, reply);
}

int64_t setXattr(Session& session, Request& request, Reply&) {
  bool extended = (session.negotiated.flags & kSetxattrExtended) != 0;
  auto* in = request.arguments.takePrefix<SetxattrIn>(extended ? sizeof(SetxattrIn)
                                                               : kSetxattrInOldSize);
  std::string_view name;
  if (in == nullptr) return -EINVAL;
  if (int error = takeXattrName(request, &name)) return error;
  auto value = request.arguments.rest();
  if (value.size() < in->size) return -EINVAL;
  if (in->size > kXattrSizeMax) return -E2BIG;
  return session.fileSystem.setXattr(request.caller, request.node(), name, value.data(),
                                     in->size, static_cast<int>(in->flags));
}

int64_t listXattr(Session& session, Request& request, Reply& reply) {
  auto* in = request.arguments.take<GetxattrIn>();
  if (in == nullptr || in->size > reply.body().size()) return -EINVAL;
  if (request.caller.uid != 0) return listForUsers(session, request, in->size, reply);
  char* names = in->size == 0 ? nullptr : reinterpret_cast<char*>(reply.body().data());
  ssize_t result =
      session.fileSystem.listXattr(request.caller, request.node(), names, in->size);
  return replySized(result, in->size, reply);
}

int64_t removeXattr(Session& session, Request& request, Reply&) {
  std::string_view name;
  if (int error = takeXattrName(request, &name)) return error;
  return session.fileSystem.removeXattr(request.caller, request.node(), name);
}

}  // namespace ram::fuse
