#include "request.h"

#include <doctest/doctest.h>

#include <cerrno>

#include "harness.h"

namespace ram::fuse {
namespace {

int parse(const Bytes& bytes, size_t size, Request* request) {
  return parseRequest({reinterpret_cast<const std::byte*>(bytes.data()), size}, request);
}

struct GroupExtension {
  ExtensionHeader header;
  uint32_t count, group;
};

}  // namespace

TEST_CASE("request: header, names and rest are taken apart") {
  RequestBuilder builder(kRename);
  builder.with(RenameIn{7}).name("from").name("to").as(5, 6);
  Bytes bytes = builder.bytes();
  Request request;
  REQUIRE(parse(bytes, builder.size(), &request) == 0);
  CHECK(request.caller.uid == 5);
  CHECK(request.caller.gid == 6);
  CHECK(request.arguments.take<RenameIn>()->newParent == 7);
  std::string_view from, to;
  CHECK(request.arguments.takeName(&from) == 0);
  CHECK(request.arguments.takeName(&to) == 0);
  CHECK(from == "from");
  CHECK(to == "to");
  CHECK(request.arguments.rest().empty());
}

TEST_CASE("request: a length that is not the message's is malformed") {
  RequestBuilder builder(kLookup);
  builder.name("x");
  Bytes bytes = builder.bytes();
  Request request;
  for (size_t size = 0; size < builder.size(); size++) {
    CHECK(parse(bytes, size, &request) == -EINVAL);
  }
}

TEST_CASE("request: extensions larger than the message are malformed") {
  RequestBuilder builder(kLookup);
  builder.name("x").extensions(64);
  Request request;
  CHECK(parse(builder.bytes(), builder.size(), &request) == -EINVAL);
}

TEST_CASE("request: names are checked") {
  auto take = [](std::string_view raw) {
    Arguments arguments(std::as_bytes(std::span(raw)));
    std::string_view name;
    return arguments.takeName(&name);
  };
  using namespace std::string_view_literals;
  CHECK(take("ok\0"sv) == 0);
  CHECK(take("no end"sv) == -EINVAL);
  CHECK(take(""sv) == -EINVAL);
  CHECK(take("\0"sv) == -EINVAL);
  CHECK(take("a/b\0"sv) == -EINVAL);
  CHECK(take(std::string(255, 'n') + '\0') == 0);
  CHECK(take(std::string(256, 'n') + '\0') == -ENAMETOOLONG);
  CHECK(take("\xff\xfe\0"sv) == 0);
}

TEST_CASE("request: the supplementary group is found behind the names") {
  RequestBuilder builder(kMknod);
  builder.with(MknodIn{}).name("odd").with(GroupExtension{{16, kExtensionGroups}, 1, 44});
  builder.extensions(16);
  Bytes bytes = builder.bytes();
  Request request;
  REQUIRE(parse(bytes, builder.size(), &request) == 0);
  uint32_t group = 0;
  CHECK(supplementaryGroup(request, &group));
  CHECK(group == 44);
}

TEST_CASE("request: broken extensions give no group") {
  for (ExtensionHeader header : {ExtensionHeader{0, kExtensionGroups}, {8, kExtensionGroups},
                                 {17, kExtensionGroups}, {16, 99}, {UINT32_MAX, 99}}) {
    RequestBuilder builder(kMknod);
    builder.with(GroupExtension{header, 1, 44}).extensions(16);
    Bytes bytes = builder.bytes();
    Request request;
    REQUIRE(parse(bytes, builder.size(), &request) == 0);
    uint32_t group = 0;
    CHECK_FALSE(supplementaryGroup(request, &group));
  }
}

}  // namespace ram::fuse
