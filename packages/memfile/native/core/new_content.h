// Makes a content in one call: record, content, link, in the order of
// docs/decisions/memfile-records.md.
#pragma once

#include <cstdint>
#include <sys/types.h>

namespace ram {

struct NewContent {
  const char* content;
  const char* record;
  const char* text;  // of the record
  int flags;
  mode_t mode;
  uint64_t device;   // that the content must come to lie on
  const char* link;  // nullptr: the caller makes it
};

// A descriptor; or -errno, and nothing has changed: -EEXIST also when something is at the link's
// path, -ESTALE on another device. Until the link is there, the descriptor keeps gc() away.
int makeContent(const NewContent& wanted);

}  // namespace ram
