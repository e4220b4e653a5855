.DEFAULT_GOAL := help
.PHONY: setup demo test lint format bench clean help

sources := Package.swift Sources Tests \
	Benchmarks/Package.swift Benchmarks/Sources Benchmarks/Tests

setup: ## Install what is lacking and put LibTorch into .libtorch
	@Scripts/setup.sh

demo: setup ## Train a student alone, with KD and with ReviewKD, and compare them
	swift build -c release --product reviewkd
	.build/release/reviewkd demo

test: setup ## Build and run every test
	swift test
	swift test --package-path Benchmarks

lint: setup ## Check formatting, documentation comments, white space and leftovers
	swift format lint --strict --recursive --parallel $(sources)
	Scripts/lint.sh

format: ## Format the Swift sources in place
	swift format --in-place --recursive --parallel $(sources)

bench: setup ## Time our steps and PyTorch's in turn, and write docs/results/speed.md
	Scripts/bench_environment.sh
	swift build -c release --product reviewkd
	swift run --package-path Benchmarks reviewkd-benchmarks $(BENCH_FLAGS)

clean: ## Remove what was built
	rm -rf .build Benchmarks/.build
	@echo '.libtorch and .venv-bench stay; remove them by hand to have them fetched anew.'

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
