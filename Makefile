# The commands of this project. `make demo` needs Go and nothing else.
export CGO_ENABLED ?= 0

# What `make release` builds for.
PLATFORMS ?= linux/amd64,linux/arm64

.PHONY: demo test check bench e2e build release self starter golden fuzz images

demo: ## scan two images that the demo builds itself, before and after the fix
	@go run ./demo

build: ## the plimsoll binary, in dist/
	go build -trimpath -ldflags=-s -o dist/plimsoll ./cmd/plimsoll

release: ## binaries, bills of materials, sums and provenance, in dist/release (docs/release.md)
	go run -trimpath ./release -platforms $(PLATFORMS)

self: build ## hold what the binary is made of against release/policy.yaml, with its own database
	@tools/self.sh

test: self ## every test once with the race detector, and each fuzz target for a few seconds
	@tools/test.sh

check: ## formatting, vet, linters, module files, invariants
	@tools/check.sh

e2e: build images ## the binary against real images, registries and engines, and other people's word
	@tools/e2e-parts.sh
	go tool -modfile=tools/go.mod gotestsum --format pkgname -- -count=1 -timeout 30m ./e2e/...

bench: build images ## speed and memory against the floor (and syft, if it is on PATH)
	go run ./bench

images: ## the real test images and programs, made once and kept in the user's cache folder
	@tools/images.sh
	@tools/programs.sh

starter: ## compile the starter database from ../shared/data
	go run ./advisory/db/starter/generate --from ../shared/data

golden: ## rewrite the golden files of the reports, the policies and the transcripts
	go test ./report/... ./inventory/sbom/cyclonedx ./inventory/sbom/spdx ./policy/... ./cmd/plimsoll -update

fuzz: ## each fuzz target for a minute
	@FUZZTIME=60s tools/fuzz.sh
