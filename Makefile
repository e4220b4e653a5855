.DEFAULT_GOAL := help
.PHONY: setup demo test lint format bench clean help

sources := Package.swift Sources Tests

setup: ## Install what is lacking and put LibTorch into .libtorch
	@Scripts/setup.sh

demo: setup ## Train a student alone, with KD and with ReviewKD, and compare them
	swift build -c release --product reviewkd
	.build/release/reviewkd demo

test: setup ## Build and run every test
	swift test

lint: setup ## Check formatting, documentation comments, white space and leftovers
	swift format lint --strict --recursive --parallel $(sources)
	Scripts/lint.sh

format: ## Format the Swift sources in place
	swift format --in-place --recursive --parallel $(sources)

bench: setup ## Time one distillation step of ResNet-56 to ResNet-20
	swift build -c release --product reviewkd
	.build/release/reviewkd bench cifar100/resnet56-resnet20

clean: ## Remove what was built
	rm -rf .build
	@echo '.libtorch stays; remove it by hand to have "make setup" fetch it anew.'

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
