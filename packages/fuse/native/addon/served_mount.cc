#include "mount_point.h"
#include "session_wrap.h"

namespace ram::fuse {

int ServedMount::serve(int descriptor, Event onEvent, void* context) {
  transport_ = std::make_unique<DevFuse>(descriptor, threads_);
  session_ = std::make_unique<Session>(fileSystem_, *transport_, options_);
  onEvent_ = onEvent;
  context_ = context;
  session_->onInitContext = this;
  session_->onInit = [](void* self, int result) {
    auto* mount = static_cast<ServedMount*>(self);
    mount->onEvent_(mount->context_, "init", result);
  };
  if (int error = session_->attach(); error < 0) return error;
  auto onEnd = [](void* self) {
    auto* mount = static_cast<ServedMount*>(self);
    mount->ended_ = true;
    mount->onEvent_(mount->context_, "end", 0);
  };
  return transport_->start(session_.get(), onEnd, this);
}

void ServedMount::setMountPoint(std::string directory, std::string helper) {
  std::lock_guard lock(mutex_);
  directory_ = std::move(directory);
  helper_ = std::move(helper);
}

void ServedMount::stop() {
  std::lock_guard lock(mutex_);
  if (stopped_ || !transport_) return;
  stopped_ = true;
  transport_->stop();
  transport_->disconnect();
  session_->close();
  transport_->close();
}

void ServedMount::shutdown() {
  std::string directory, helper;
  {
    std::lock_guard lock(mutex_);
    if (stopped_ || !transport_) return;
    directory = directory_;
    helper = helper_;
  }
  if (!ended_ && !directory.empty()) unmountAtExit(directory, helper);
  stop();
}

}  // namespace ram::fuse
