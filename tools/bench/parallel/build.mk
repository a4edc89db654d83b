# Builds parallel_clients, and parallel_requests: driver and store as they are shipped, and locks
# that are counted.
#   make -f build.mk OUT=../build/parallel
# Objects lie under $(OUT)/obj at their absolute path: store and driver are in packages.

HERE := $(dir $(abspath $(lastword $(MAKEFILE_LIST))))
PACKAGES := $(abspath $(HERE)../../../packages)
CXX ?= g++
INCLUDES := $(patsubst %,-I$(PACKAGES)/%,fs-core/native/core fs-core/native/include \
              ringbuffer/native/include fuse/native/core)
CXXFLAGS := -std=c++20 -O2 -g1 -Wall -Wextra -Werror -pthread $(INCLUDES)
COUNTED := -Wl,--wrap=pthread_mutex_lock -Wl,--wrap=pthread_rwlock_rdlock \
           -Wl,--wrap=pthread_rwlock_wrlock
SOURCES := $(wildcard $(HERE)native/requests/*.cc $(PACKAGES)/fs-core/native/core/*.cc \
             $(PACKAGES)/fuse/native/core/*.cc)
OBJECTS := $(patsubst %.cc,$(OUT)/obj%.o,$(SOURCES))
CLIENTS := $(OUT)/obj$(HERE)native/clients/parallel_clients.o

all: $(OUT)/parallel_requests $(OUT)/parallel_clients

$(OUT)/parallel_requests: $(OBJECTS)
	@$(CXX) -pthread -rdynamic $(COUNTED) -o $@ $(OBJECTS)

$(OUT)/parallel_clients: $(CLIENTS)
	@$(CXX) -o $@ $(CLIENTS)

$(OUT)/obj%.o: %.cc
	@mkdir -p $(@D)
	@$(CXX) $(CXXFLAGS) -MMD -MP -c -o $@ $<

.PHONY: all
.DELETE_ON_ERROR:
-include $(OBJECTS:.o=.d) $(CLIENTS:.o=.d)
