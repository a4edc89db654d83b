#include "fuzz_requests.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

namespace ram::fuse {
namespace {

constexpr size_t kKnownMax = 64;

void remember(std::vector<uint64_t>& values, uint64_t value) {
  if (value == 0) return;
  if (values.size() == kKnownMax) values.erase(values.begin() + 1);
  values.push_back(value);
}

// As many as there are kinds of requests; what programs do most comes more often.
const std::vector<uint32_t> kOpcodes = {
    kLookup,     kLookup,        kForget,      kGetattr,         kSetattr,       kSetattr,
    kReadlink,   kSymlink,       kMknod,       kMkdir,           kMkdir,         kUnlink,
    kUnlink,     kRmdir,         kRename,      kLink,            kOpen,          kOpen,
    kRead,       kRead,          kWrite,       kWrite,           kWrite,         kStatfs,
    kRelease,    kRelease,       kFsync,       kSetxattr,        kSetxattr,      kGetxattr,
    kListxattr,  kRemovexattr,   kFlush,       kInit,            kOpendir,       kReaddir,
    kReleasedir, kFsyncdir,      kGetlk,       kSetlk,           kSetlkw,        kAccess,
    kCreate,     kCreate,        kCreate,      kInterrupt,       kBmap,          kDestroy,
    kIoctl,      kPoll,          kNotifyReply, kBatchForget,     kFallocate,     kFallocate,
    kReaddirplus, kRename2,      kLseek,       kCopyFileRange,   kSetupmapping,  kRemovemapping,
    kSyncfs,     kTmpfile,       kStatx,       kCopyFileRange64, kOpcodeCount,   7};

}  // namespace

InHeader FuzzedRequest::header() const {
  InHeader header{};
  std::memcpy(&header, memory.get(), std::min(size, sizeof(header)));
  return header;
}

uint64_t RequestFuzzer::number() {
  static const std::vector<uint64_t> kEdges = {
      0,          1,          2,         7,         8,         255,       256,       511,
      4095,       4096,       4097,      65535,     65536,     65537,     1u << 20,  1u << 21,
      INT32_MAX,  1u << 31,   UINT32_MAX, 1ull << 32, 1ull << 44, INT64_MAX, 1ull << 63,
      UINT64_MAX - 4095,      UINT64_MAX - 1,       UINT64_MAX};
  return oneIn(4) ? random_() >> below(64) : anyOf(kEdges);
}

// Of something that should mostly fit.
uint64_t RequestFuzzer::length() { return oneIn(8) ? number() : random_() >> (44 + below(20)); }

uint64_t RequestFuzzer::node() {
  if (oneIn(24)) return number();
  return oneIn(24) ? anyOf(nodes_) + 1 : anyOf(nodes_);
}

uint64_t RequestFuzzer::handle() {
  if (oneIn(16)) return number();
  return anyOf(handles_);
}

std::string RequestFuzzer::name() {
  static const std::vector<std::string> kOdd = {
      "",  ".",   "..",  "/",   "a/b", "/a",  std::string(255, 'l'), std::string(256, 'l'),
      " ", "\n", "\xff", "..a", "a/",  "\x01", std::string(4096, 'm'), "user.x"};
  if (oneIn(8)) return anyOf(kOdd);
  return std::string(1, static_cast<char>('a' + below(12)));
}

std::string RequestFuzzer::bytes(size_t size) {
  return std::string(size, static_cast<char>('A' + below(26)));
}

uint32_t RequestFuzzer::mode() {
  static const std::vector<uint32_t> kTypes = {S_IFREG, S_IFREG, S_IFREG, S_IFDIR, S_IFIFO,
                                               S_IFSOCK, S_IFCHR, S_IFBLK, S_IFLNK, 0};
  return anyOf(kTypes) | (below(4) != 0 ? 0755 : static_cast<uint32_t>(below(010000)));
}

SetattrIn RequestFuzzer::change() {
  SetattrIn in{};
  in.valid = oneIn(3) ? kValidSize : static_cast<uint32_t>(random_()) & 0xfff;
  in.handle = handle();
  in.size = length();
  in.atime = number();
  in.mtime = number();
  in.ctime = number();
  in.atimeNs = static_cast<uint32_t>(number());
  in.mtimeNs = static_cast<uint32_t>(below(1'000'000'000));
  in.mode = mode();
  in.uid = static_cast<uint32_t>(number());
  in.gid = static_cast<uint32_t>(below(3));
  return in;
}

WireLock RequestFuzzer::lock() {
  const std::vector<uint32_t> types = {F_RDLCK, F_WRLCK, F_WRLCK, F_UNLCK, 77};
  return {length(), oneIn(4) ? INT64_MAX : length(), anyOf(types), 1};
}

RequestBuilder RequestFuzzer::valid() {
  const uint32_t opcode = oneIn(64) ? static_cast<uint32_t>(number()) : anyOf(kOpcodes);
  switch (opcode) {
    case kForget:
    case kBatchForget:
    case kInterrupt:
      return forgets(opcode);
    case kGetattr:
    case kSetattr:
    case kStatx:
    case kAccess:
    case kSetxattr:
    case kGetxattr:
    case kListxattr:
    case kRemovexattr:
      return aboutAttributes(opcode);
    case kLookup:
    case kSymlink:
    case kMknod:
    case kMkdir:
    case kUnlink:
    case kRmdir:
    case kRename:
    case kRename2:
    case kLink:
    case kCreate:
    case kTmpfile:
      return aboutNames(opcode);
    default:
      return aboutFiles(opcode);
  }
}

RequestBuilder RequestFuzzer::aboutNames(uint32_t opcode) {
  RequestBuilder request(opcode, node());
  const auto device = static_cast<uint32_t>(number());
  const auto flags = static_cast<uint32_t>(oneIn(4) ? number() : O_RDWR);
  switch (opcode) {
    case kSymlink:
      return request.name(name()).name(oneIn(6) ? bytes(below(5000)) : name());
    case kMknod:
      return request.with(MknodIn{mode(), device, 0, 0}).name(name());
    case kMkdir:
      return request.with(MkdirIn{mode() & 07777, 0}).name(name());
    case kRename:
      return request.with(RenameIn{node()}).name(name()).name(name());
    case kRename2:
      return request.with(Rename2In{node(), static_cast<uint32_t>(below(9)), 0})
          .name(name())
          .name(name());
    case kLink:
      return request.with(LinkIn{node()}).name(name());
    case kCreate:
    case kTmpfile:
      return request.with(CreateIn{flags, S_IFREG | (mode() & 07777), 0, 0}).name(name());
    default:
      return request.name(name());
  }
}

RequestBuilder RequestFuzzer::aboutAttributes(uint32_t opcode) {
  RequestBuilder request(opcode, node());
  const auto size = static_cast<uint32_t>(oneIn(3) ? number() : below(300));
  const auto flags = static_cast<uint32_t>(below(4));
  const std::string attribute = (oneIn(2) ? "user." : "trusted.") + name();
  switch (opcode) {
    case kGetattr:
      return request.with(GetattrIn{1, 0, handle()});
    case kSetattr:
      return request.with(change());
    case kStatx:
      return request.with(StatxIn{0, 0, handle(), 0, static_cast<uint32_t>(number())});
    case kSetxattr: {
      const size_t bytesSent = oneIn(8) ? below(70'000) : below(300);
      const auto said = oneIn(8) ? size : static_cast<uint32_t>(bytesSent);
      return request.with(SetxattrIn{said, flags, 0, 0}).name(attribute).data(bytes(bytesSent));
    }
    case kGetxattr:
      return request.with(GetxattrIn{size, 0}).name(attribute);
    case kListxattr:
      return request.with(GetxattrIn{size, 0});
    case kRemovexattr:
      return request.name(attribute);
    default:
      return request.with(AccessIn{static_cast<uint32_t>(below(9)), 0});
  }
}

RequestBuilder RequestFuzzer::aboutFiles(uint32_t opcode) {
  RequestBuilder request(opcode, node());
  const auto flags = static_cast<uint32_t>(oneIn(3) ? number() : O_RDWR);
  const auto size = static_cast<uint32_t>(oneIn(6) ? number() : below(10'000));
  switch (opcode) {
    case kOpen:
    case kOpendir:
      return request.with(OpenIn{flags, static_cast<uint32_t>(below(2))});
    case kRead:
      return request.with(ReadIn{handle(), length(), size, 0, 0, 0, 0});
    case kReaddir:
    case kReaddirplus:
      return request.with(
          ReadIn{handle(), oneIn(8) ? number() : anyOf(cookies_), size, 0, 0, 0, 0});
    case kWrite: {
      const size_t sent = oneIn(16) ? below(200'000) : below(9'000);
      const auto said = oneIn(8) ? size : static_cast<uint32_t>(sent);
      const auto append = static_cast<uint32_t>(oneIn(4) ? O_APPEND : O_RDWR);
      return request
          .with(WriteIn{handle(), length(), said, static_cast<uint32_t>(below(8)), 0, append, 0})
          .data(bytes(sent));
    }
    case kRelease:
    case kReleasedir:
      return request.with(ReleaseIn{handle(), flags, static_cast<uint32_t>(below(4)), below(3)});
    case kFlush:
      return request.with(FlushIn{handle(), 0, 0, below(3)});
    case kFsync:
    case kFsyncdir:
      return request.with(FsyncIn{handle(), static_cast<uint32_t>(below(2)), 0});
    case kGetlk:
    case kSetlk:
    case kSetlkw:
      return request.with(LockIn{handle(), below(3), lock(), static_cast<uint32_t>(below(2)), 0});
    case kFallocate:
      return request.with(FallocateIn{handle(), length(), length(),
                                      static_cast<uint32_t>(oneIn(4) ? number() : below(64)), 0});
    case kLseek:
      return request.with(LseekIn{handle(), length(), static_cast<uint32_t>(below(6)), 0});
    case kCopyFileRange:
    case kCopyFileRange64:
      return request.with(CopyFileRangeIn{handle(), length(), node(), handle(), length(), length(),
                                          oneIn(8) ? number() : 0});
    default:  // ioctl, bmap, unknown ones, …: a struct of some size
      return request.data(bytes(below(8) * 8));
  }
}

RequestBuilder RequestFuzzer::forgets(uint32_t opcode) {
  const uint64_t count = oneIn(6) ? number() : 1;
  if (opcode == kForget) return RequestBuilder(opcode, node()).with(ForgetIn{count});
  if (opcode == kInterrupt) {
    return RequestBuilder(opcode, 0).with(InterruptIn{oneIn(4) ? number() : anyOf(waiting_)});
  }
  const uint64_t many = below(20);
  const auto said = static_cast<uint32_t>(oneIn(3) ? number() : many);
  RequestBuilder request(opcode, 0);
  request.with(BatchForgetIn{said, 0});
  for (uint64_t i = 0; i < many; i++) request.with(ForgetOne{node(), count});
  return request;
}

FuzzedRequest RequestFuzzer::next(uint64_t unique) {
  RequestBuilder request = valid();
  if (oneIn(3)) request.as(static_cast<uint32_t>(below(3)), static_cast<uint32_t>(below(3)));
  const Bytes words = request.bytes();
  std::string raw(reinterpret_cast<const char*>(words.data()), request.size());
  const bool spoilt = oneIn(3);
  if (spoilt) spoil(raw);
  return finish(std::move(raw), unique, spoilt && oneIn(20));
}

FuzzedRequest RequestFuzzer::init(uint64_t unique, bool asLinux) {
  InitIn in{};
  in.major = asLinux ? kMajor : static_cast<uint32_t>(below(9));
  in.minor = static_cast<uint32_t>(asLinux ? 31 + below(15) : number());
  in.maxReadahead = static_cast<uint32_t>(number());
  in.flags = static_cast<uint32_t>(random_()) | (oneIn(4) ? 0 : uint32_t{kInitExtended});
  in.flags2 = static_cast<uint32_t>(random_());
  RequestBuilder request(kInit, 0);
  request.with(in);
  const Bytes words = request.bytes();
  std::string raw(reinterpret_cast<const char*>(words.data()), request.size());
  if (asLinux && in.minor < 36) raw.resize(sizeof(InHeader) + kInitInOldSize);
  if (!asLinux && oneIn(2)) raw.resize(sizeof(InHeader) + below(sizeof(InitIn) + 1));
  return finish(std::move(raw), unique, false);
}

// Its true length, as the kernel counts it; spoilHeader() has lied about it by then.
FuzzedRequest RequestFuzzer::finish(std::string raw, uint64_t unique, bool keepUnique) {
  FuzzedRequest request;
  request.size = raw.size();
  request.memory = std::make_unique<std::byte[]>(raw.size());
  if (raw.size() >= sizeof(InHeader)) {
    InHeader header;
    std::memcpy(&header, raw.data(), sizeof(header));
    if (!keepUnique) header.length = static_cast<uint32_t>(raw.size());
    header.unique = unique;
    std::memcpy(raw.data(), &header, sizeof(header));
    if (header.opcode == kSetlkw) remember(waiting_, unique);
  }
  std::memcpy(request.memory.get(), raw.data(), raw.size());
  return request;
}

void RequestFuzzer::spoil(std::string& raw) {
  for (uint64_t times = 1 + below(3); times > 0; times--) {
    if (raw.size() < sizeof(InHeader)) return;
    if (oneIn(3)) {
      spoilHeader(raw);
    } else {
      spoilBody(raw);
    }
  }
}

void RequestFuzzer::spoilHeader(std::string& raw) {
  InHeader header;
  std::memcpy(&header, raw.data(), sizeof(header));
  switch (below(6)) {
    case 0:
      header.node = number();
      break;
    case 1:
      header.opcode = static_cast<uint32_t>(below(64));
      break;
    case 2:
      header.extensionLength = static_cast<uint16_t>(oneIn(2) ? number() : below(8));
      break;
    case 3:
      header.uid = static_cast<uint32_t>(number());
      header.gid = static_cast<uint32_t>(number());
      break;
    case 4:
      header.pid = static_cast<uint32_t>(number());
      break;
    default:
      header.length = static_cast<uint32_t>(number());
  }
  std::memcpy(raw.data(), &header, sizeof(header));
}

void RequestFuzzer::spoilBody(std::string& raw) {
  constexpr size_t kStart = sizeof(InHeader);
  const size_t body = raw.size() - kStart;
  switch (below(7)) {
    case 0:
      raw.resize(oneIn(8) ? below(raw.size() + 1) : kStart + below(body + 1));
      break;
    case 1:  // names without their end
      while (raw.size() > kStart && raw.back() == '\0') raw.pop_back();
      break;
    case 2:  // supplementary groups, which the header may count rightly
      if (InHeader header; raw.size() % 8 == 0) {
        const auto count = static_cast<uint32_t>(number());
        const ExtensionHeader extension{static_cast<uint32_t>(oneIn(2) ? 16 : number()),
                                        kExtensionGroups};
        raw.append(reinterpret_cast<const char*>(&extension), sizeof(extension));
        raw.append(reinterpret_cast<const char*>(&count), sizeof(count)).append(4, '\1');
        std::memcpy(&header, raw.data(), sizeof(header));
        header.extensionLength = 2;
        std::memcpy(raw.data(), &header, sizeof(header));
      }
      break;
    case 3:
      raw.append(bytes(below(64)));
      break;
    case 4:
      if (body > 0) raw[kStart + below(body)] = static_cast<char>(random_());
      break;
    case 5:
      if (body > 8) raw.erase(kStart + below(body - 8), 1 + below(8));
      break;
    default:  // a number of the struct
      if (body >= 8) {
        const uint64_t value = number();
        const size_t width = oneIn(2) ? 4 : 8;
        const size_t at = below(std::min<size_t>(body, 96) / width) * width;
        std::memcpy(raw.data() + kStart + at, &value, width);
      }
  }
}

void RequestFuzzer::learn(const InHeader& request, const RecordingTransport::Message& reply) {
  if (reply.header.error != 0) return;
  switch (request.opcode) {
    case kLookup:
    case kMknod:
    case kMkdir:
    case kSymlink:
    case kLink:
      return remember(nodes_, reply.as<EntryOut>().node);
    case kCreate:
    case kTmpfile:
      remember(nodes_, reply.as<EntryOut>().node);
      return remember(handles_, reply.as<OpenOut>(sizeof(EntryOut)).handle);
    case kOpen:
    case kOpendir:
      return remember(handles_, reply.as<OpenOut>().handle);
    case kReaddir:
      if (!reply.body.empty()) remember(cookies_, reply.as<WireEntry>().cookie);
      return;
    default:
      return;
  }
}

}  // namespace ram::fuse
