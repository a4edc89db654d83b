# Builds one doctest binary from C++ sources. Called by run.mjs, in the folder of the package:
#   make -f tests.mk OUT=build/san/address SOURCES="…" INCLUDES="-I…" SANITIZE=address,undefined
# Objects lie under $(OUT)/obj at their absolute path, so that sources of other packages fit in.

CXX ?= g++
CXXFLAGS = -std=c++20 -g $(OPTIMIZE) -fno-omit-frame-pointer -Wall -Wextra -Werror \
            -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -pthread $(INCLUDES)
LDFLAGS := -fsanitize=$(SANITIZE) -pthread

# Tests are compiled three times as fast without optimisation; what they test has it.
OPTIMIZE = $(if $(findstring /native/test/,$<),-O0,-O1)

OBJECTS := $(patsubst %.cc,$(OUT)/obj%.o,$(SOURCES))

$(OUT)/tests: $(OBJECTS) $(OUT)/objects.txt
	@echo "link $@"
	@$(CXX) $(LDFLAGS) -o $@ $(OBJECTS)

$(OUT)/obj%.o: %.cc $(OUT)/flags.txt
	@mkdir -p $(@D)
	@echo "$(CXX) $(OPTIMIZE) -fsanitize=$(SANITIZE) $<"
	@$(CXX) $(CXXFLAGS) -MMD -MP -c -o $@ $<

# Rebuild when flags or the list of sources change, not only when a source does.
$(OUT)/flags.txt: force
	@mkdir -p $(@D)
	@echo '$(CXX) $(CXXFLAGS)' | cmp -s - $@ || echo '$(CXX) $(CXXFLAGS)' > $@

$(OUT)/objects.txt: force
	@mkdir -p $(@D)
	@echo '$(LDFLAGS) $(OBJECTS)' | cmp -s - $@ || echo '$(LDFLAGS) $(OBJECTS)' > $@

.PHONY: force
-include $(OBJECTS:.o=.d)
