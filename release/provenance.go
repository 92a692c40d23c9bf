package main

import (
	"cmp"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/evidence"
)

// Who builds, and how to read the parameters: docs/release.md explains both.
const (
	builderID = "https://plimsoll.dev/builders/make-release/v1"
	buildType = "https://plimsoll.dev/build-types/make-release/v1"
)

// predicate is SLSA provenance v1 (slsa.dev/spec/v1.1/provenance). It has no times: they would differ
// from one build to the next, and the commit's would not be when it was built.
type predicate struct {
	BuildDefinition definition `json:"buildDefinition"`
	RunDetails      details    `json:"runDetails"`
}

type definition struct {
	BuildType            string     `json:"buildType"`
	ExternalParameters   external   `json:"externalParameters"`
	InternalParameters   internal   `json:"internalParameters"`
	ResolvedDependencies []resource `json:"resolvedDependencies"`
}

// external are what the caller decides.
type external struct {
	ConfigSource evidence.Resource `json:"configSource"` // the source, under the name that verifiers look for
	Platforms    []string          `json:"platforms"`
	Version      string            `json:"version"`
}

// internal are what the release sets by itself.
type internal struct {
	Arguments   []string `json:"arguments"`
	Environment []string `json:"environment"`
	Go          string   `json:"go"`
	SourceDate  int64    `json:"sourceDateEpoch"`
}

type details struct {
	Builder struct {
		ID string `json:"id"`
	} `json:"builder"`
	Byproducts []resource `json:"byproducts"` // the bills of materials
}

// resource is in-toto's ResourceDescriptor.
type resource struct {
	Name   string            `json:"name,omitempty"`
	URI    string            `json:"uri,omitempty"`
	Digest map[string]string `json:"digest,omitempty"`
}

// provenance says of the binaries what they were built from, and how.
func (b *build) provenance(platforms []string) (evidence.Statement, error) {
	var p predicate
	var subjects []evidence.Subject
	p.RunDetails.Builder.ID = builderID
	for _, a := range b.made {
		subjects = append(subjects, evidence.SubjectOf(a.name, a.digest))
		for name, digest := range a.bills {
			p.RunDetails.Byproducts = append(p.RunDetails.Byproducts, resource{Name: name, Digest: map[string]string{"sha256": digest.Hex()}})
		}
	}
	slices.SortFunc(p.RunDetails.Byproducts, func(x, y resource) int { return cmp.Compare(x.Name, y.Name) })
	from := evidence.Resource{URI: sourceURI}
	if b.from.commit != "" {
		from.Digest = map[string]string{"gitCommit": b.from.commit}
	}
	dependencies, version, err := dependencies(b.made)
	if err != nil {
		return evidence.Statement{}, err
	}
	p.BuildDefinition = definition{
		BuildType:          buildType,
		ExternalParameters: external{ConfigSource: from, Platforms: platforms, Version: b.version},
		InternalParameters: internal{
			Arguments: arguments(), Environment: settings(), Go: version, SourceDate: b.from.date.Unix(),
		},
		ResolvedDependencies: append([]resource{{URI: from.URI, Digest: from.Digest}}, dependencies...),
	}
	return evidence.NewStatement(evidence.ProvenanceType, p, subjects...)
}

// dependencies are the modules that the linker put into the binaries, with their sums in go.sum, and
// the version of Go, as the binaries themselves say.
func dependencies(made []artifact) (modules []resource, version string, err error) {
	found := map[string]resource{}
	for _, a := range made {
		if version != "" && a.info.GoVersion != version {
			return nil, "", fmt.Errorf("%s was built by %s, and another one by %s", a.name, a.info.GoVersion, version)
		}
		version = a.info.GoVersion
		if err := addModules(found, a.info); err != nil {
			return nil, "", fmt.Errorf("%s: %w", a.name, err)
		}
	}
	standard := ecosystem.GolangPURL("stdlib", strings.TrimPrefix(version, "go"))
	found[standard] = resource{URI: standard} // go.sum has no sum of it
	for _, r := range found {
		modules = append(modules, r)
	}
	slices.SortFunc(modules, func(x, y resource) int { return cmp.Compare(x.URI, y.URI) })
	return modules, version, nil
}

func addModules(found map[string]resource, info *buildinfo.BuildInfo) error {
	for _, module := range info.Deps {
		if module.Replace != nil {
			module = module.Replace
		}
		sum, err := moduleSum(module)
		if err != nil {
			return err
		}
		purl := ecosystem.GolangPURL(module.Path, module.Version)
		found[purl] = resource{URI: purl, Digest: map[string]string{"dirHash": sum}}
	}
	return nil
}

// moduleSum is a module's sum as in-toto writes it: dirHash, the sum after "h1:" in hexadecimal.
func moduleSum(module *debug.Module) (string, error) {
	encoded, found := strings.CutPrefix(module.Sum, "h1:")
	sum, err := base64.StdEncoding.DecodeString(encoded)
	if !found || err != nil || len(sum) != 32 {
		return "", fmt.Errorf("the module %s has the sum %q; want that of a published module", module.Path, module.Sum)
	}
	return hex.EncodeToString(sum), nil
}
