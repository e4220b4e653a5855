.DEFAULT_GOAL := help
.PHONY: setup demo test test-all sanitize mutate lint format docs bench install build-cuda clean help

sources := Package.swift Plugins Sources Tests Examples \
	Benchmarks/Package.swift Benchmarks/Sources Benchmarks/Tests

# With CUDA=1, `make setup` gets the CUDA LibTorch too, and `make test` tests against it.
ifeq ($(CUDA),1)
export REVIEWKD_CUDA := 1
scratch := --scratch-path .build-cuda
endif

setup: ## Install what is lacking and put LibTorch into .libtorch (CUDA=1: and .libtorch-cuda)
	@Scripts/setup.sh
	@[ "$(CUDA)" != 1 ] || Scripts/setup_cuda.sh

# Planned anew each time, since Swift's package manager else does not ask for the revision again.
release := swift build -c release --product reviewkd --disable-build-manifest-caching

demo: setup ## Train a student alone, with KD and with ReviewKD, and compare them
	$(release)
	.build/release/reviewkd demo --report .build/demo-report.html

# An import that Package.swift does not name is an error.
declared := --explicit-target-dependency-import-check error

# TEST_FLAGS goes to every `swift test`, such as TEST_FLAGS='-debug-info-format none'.
test: setup ## Build and run every test
	swift test $(scratch) $(declared) $(TEST_FLAGS)
	swift test --package-path Benchmarks $(TEST_FLAGS)

test-all: setup ## The same, with every method between every pair, and every network exported
	REVIEWKD_TEST_ALL=1 swift test $(scratch)
	swift test --package-path Benchmarks

sanitize: setup ## Run the tests of our own kernels under AddressSanitizer
	ASAN_OPTIONS=detect_leaks=0 swift test --sanitize=address --scratch-path .build-asan \
		--filter 'FusedKernelTests|DetectorsTests'

mutate: setup ## Read damaged files of each kind under AddressSanitizer (about an hour)
	swift build -c release --sanitize=address --scratch-path .build-asan --product mutate-files
	for kind in zip stream safetensors cifar; do \
		ASAN_OPTIONS=detect_leaks=0:max_allocation_size_mb=64:quarantine_size_mb=16 \
			.build-asan/release/mutate-files $$kind $(or $(ROUNDS),1000000) $(or $(SEED),1) Tests \
			|| exit 1; \
	done
	for kind in jpeg png webp; do \
		ASAN_OPTIONS=detect_leaks=0:max_allocation_size_mb=64:quarantine_size_mb=16 \
			.build-asan/release/mutate-files $$kind $(or $(ROUNDS),10000) $(or $(SEED),1) Tests \
			|| exit 1; \
	done

lint: setup ## Check formatting, documentation comments, white space and leftovers
	swift format lint --strict --recursive --parallel $(sources)
	Scripts/lint.sh

format: ## Format the Swift sources in place
	swift format --in-place --recursive --parallel $(sources)

docs: setup ## Write pages about every public declaration into .build/docs (DocC)
	Scripts/docs.sh

bench: setup ## Time our steps and PyTorch's in turn, and write docs/results/speed.md
	Scripts/bench_environment.sh
	$(release)
	swift run --package-path Benchmarks reviewkd-benchmarks $(BENCH_FLAGS)

install: setup ## Put the program with its libraries below PREFIX (make install PREFIX=/usr/local)
	$(release)
	Scripts/install.sh "$(PREFIX)"

build-cuda: ## Build .build-cuda/release/reviewkd, stripped, which needs no Swift where it runs
	@$(MAKE) --no-print-directory setup CUDA=1
	REVIEWKD_CUDA=1 $(release) --scratch-path .build-cuda \
		-Xswiftc -static-stdlib -Xswiftc -DWITHOUT_DOWNLOADS -Xlinker -s
	Scripts/needed.sh .build-cuda/release/reviewkd

clean: ## Remove what was built
	rm -rf .build .build-cuda .build-asan Benchmarks/.build
	@echo '.libtorch, .libtorch-cuda and .venv-bench stay; remove them by hand to have them' \
		'fetched anew.'

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
