# Builds the exerciser and the server it runs against. Called by src/build.ts:
#   make -f build.mk OUT=build/none SANITIZE= PROGRAM=serve_volume
# Objects lie under $(OUT)/obj at their absolute path: store and driver are in packages.

HERE := $(dir $(abspath $(lastword $(MAKEFILE_LIST))))
PACKAGES := $(abspath $(HERE)../../packages)
CXX ?= g++
CXXFLAGS = -std=c++20 -g -O1 -fno-omit-frame-pointer -Wall -Wextra -Werror -pthread $(INCLUDES)
LDFLAGS := -pthread
INCLUDES = $(patsubst %,-I$(PACKAGES)/%,fs-core/native/core fs-core/native/include \
             ringbuffer/native/include fuse/native/core)
ifneq ($(SANITIZE),)
  CXXFLAGS += -fsanitize=$(SANITIZE) -fno-sanitize-recover=all
  LDFLAGS += -fsanitize=$(SANITIZE)
endif

SOURCES_exercise := $(wildcard $(HERE)native/exercise/*.cc)
SOURCES_serve_volume := $(wildcard $(HERE)native/serve/*.cc $(PACKAGES)/fs-core/native/core/*.cc \
                          $(PACKAGES)/fuse/native/core/*.cc)
OBJECTS := $(patsubst %.cc,$(OUT)/obj%.o,$(SOURCES_$(PROGRAM)))

$(OUT)/$(PROGRAM): $(OBJECTS)
	@echo "link $@"
	@$(CXX) $(LDFLAGS) -o $@ $(OBJECTS)

$(OUT)/obj%.o: %.cc $(OUT)/flags.txt
	@mkdir -p $(@D)
	@$(CXX) $(CXXFLAGS) -MMD -MP -c -o $@ $<

$(OUT)/flags.txt: force
	@mkdir -p $(@D)
	@echo '$(CXX) $(CXXFLAGS)' | cmp -s - $@ || echo '$(CXX) $(CXXFLAGS)' > $@

.PHONY: force
-include $(OBJECTS:.o=.d)
