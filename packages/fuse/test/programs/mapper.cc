// Maps files, and stores into the mappings, as it is told line by line; answers each with one line.
//
//   map NAME PATH [LENGTH]      shared; the descriptor is closed at once. LENGTH may pass the end
//   store NAME OFFSET TEXT      ok, or SIGBUS
//   load NAME OFFSET LENGTH     the bytes, or SIGBUS; NULs and line ends as they are, so none
//   sync NAME                   msync(MS_SYNC)
//   punch NAME OFFSET LENGTH    madvise(MADV_REMOVE)
//   unmap NAME
//
// What a call refuses is "errno N".
#include <cerrno>
#include <csetjmp>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <map>
#include <sstream>
#include <string>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

struct Mapping {
  char* bytes;
  size_t length;
};

std::map<std::string, Mapping> mappings;
sigjmp_buf faulted;

std::string failure() { return "errno " + std::to_string(errno); }

std::string mapFile(const std::string& name, const std::string& path, size_t length) {
  int fd = open(path.c_str(), O_RDWR);
  if (fd < 0) return failure();
  struct stat status;
  if (fstat(fd, &status) != 0) return failure();
  if (length == 0) length = static_cast<size_t>(status.st_size);
  void* at = mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  std::string answer = at == MAP_FAILED ? failure() : "ok";
  close(fd);
  if (at != MAP_FAILED) mappings[name] = {static_cast<char*>(at), length};
  return answer;
}

// Copies between a mapping and `text`.
bool touch(const Mapping& mapping, size_t offset, std::string* text, bool stores) {
  if (sigsetjmp(faulted, 1) != 0) return false;
  char* at = mapping.bytes + offset;
  if (stores) {
    std::memcpy(at, text->data(), text->size());
  } else {
    std::memcpy(text->data(), at, text->size());
  }
  return true;
}

std::string perform(std::istringstream words) {
  std::string word, name, text;
  size_t offset = 0, length = 0;
  words >> word >> name;
  if (word == "map") {
    words >> text >> length;
    return mapFile(name, text, length);
  }
  auto found = mappings.find(name);
  if (found == mappings.end()) return "no mapping";
  Mapping mapping = found->second;
  if (word == "store") {
    words >> offset >> text;
    return touch(mapping, offset, &text, true) ? "ok" : "SIGBUS";
  }
  if (word == "load") {
    words >> offset >> length;
    text.resize(length);
    return touch(mapping, offset, &text, false) ? text : "SIGBUS";
  }
  if (word == "punch") {
    words >> offset >> length;
    return madvise(mapping.bytes + offset, length, MADV_REMOVE) == 0 ? "ok" : failure();
  }
  if (word == "sync") return msync(mapping.bytes, mapping.length, MS_SYNC) == 0 ? "ok" : failure();
  if (word == "unmap") {
    mappings.erase(found);
    return munmap(mapping.bytes, mapping.length) == 0 ? "ok" : failure();
  }
  return "no such word";
}

}  // namespace

int main() {
  struct sigaction action = {};
  action.sa_handler = [](int signal) { siglongjmp(faulted, signal); };
  sigaction(SIGBUS, &action, nullptr);
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << perform(std::istringstream(line)) << std::endl;
  }
}
