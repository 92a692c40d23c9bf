package evidence

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// BuildProvenance is what a policy asks of SLSA provenance. A member is empty if the provenance
// does not say, or does not say it clearly.
type BuildProvenance struct {
	Builder    string // URI of who built it: the only member that the signer vouches for
	BuildType  string // URI of how to read the parameters
	Repository string // URL of the source, without "git+"
	Ref        string // such as refs/heads/main
	Commit     string
}

// provenanceV1 are the members of SLSA provenance v1 that are read.
type provenanceV1 struct {
	BuildDefinition struct {
		BuildType          string `json:"buildType"`
		ExternalParameters struct {
			Workflow *struct { // GitHub Actions
				Ref        string `json:"ref"`
				Repository string `json:"repository"`
			} `json:"workflow"`
			ConfigSource *struct { // BuildKit
				URI    string            `json:"uri"`
				Digest map[string]string `json:"digest"`
			} `json:"configSource"`
		} `json:"externalParameters"`
		ResolvedDependencies []Resource `json:"resolvedDependencies"`
	} `json:"buildDefinition"`
	RunDetails struct {
		Builder struct {
			ID string `json:"id"`
		} `json:"builder"`
	} `json:"runDetails"`
}

// provenanceV02 are the members of SLSA provenance v0.2 that are read.
type provenanceV02 struct {
	Builder struct {
		ID string `json:"id"`
	} `json:"builder"`
	BuildType  string `json:"buildType"`
	Invocation struct {
		ConfigSource Resource `json:"configSource"`
	} `json:"invocation"`
}

// ProvenanceOf reads SLSA provenance, v1 or v0.2.
func ProvenanceOf(s Statement) (BuildProvenance, error) {
	var p BuildProvenance
	var err error
	switch s.PredicateType {
	case ProvenanceType:
		p, err = readV1(s.Predicate)
	case OldProvenance:
		p, err = readV02(s.Predicate)
	default:
		err = fmt.Errorf("the statement is a %.80q; want %s", s.PredicateType, ProvenanceType)
	}
	if err == nil && p.Builder == "" {
		err = errors.New("it names no builder")
	}
	if err != nil {
		return BuildProvenance{}, fmt.Errorf("reading provenance: %w", err)
	}
	return p, nil
}

func readV1(predicate []byte) (BuildProvenance, error) {
	var read provenanceV1
	if err := json.Unmarshal(predicate, &read); err != nil {
		return BuildProvenance{}, err
	}
	p := BuildProvenance{Builder: read.RunDetails.Builder.ID, BuildType: read.BuildDefinition.BuildType}
	parameters := read.BuildDefinition.ExternalParameters
	switch {
	case parameters.Workflow != nil:
		p.Repository, p.Ref = parameters.Workflow.Repository, parameters.Workflow.Ref
	case parameters.ConfigSource != nil && parameters.ConfigSource.URI != "":
		p.source(Resource(*parameters.ConfigSource))
	}
	for _, dependency := range read.BuildDefinition.ResolvedDependencies {
		var d BuildProvenance
		d.source(dependency)
		if p.Commit == "" && p.Repository != "" && d.Repository == p.Repository && (d.Ref == "" || d.Ref == p.Ref) {
			p.Commit = d.Commit
		}
	}
	return p, nil
}

func readV02(predicate []byte) (BuildProvenance, error) {
	var read provenanceV02
	if err := json.Unmarshal(predicate, &read); err != nil {
		return BuildProvenance{}, err
	}
	p := BuildProvenance{Builder: read.Builder.ID, BuildType: read.BuildType}
	p.source(read.Invocation.ConfigSource)
	return p, nil
}

// source reads git+https://host/owner/name@refs/heads/main (SPDX's download location), or
// BuildKit's https://host/owner/name.git#refs/heads/main.
func (p *BuildProvenance) source(r Resource) {
	rest := strings.TrimPrefix(r.URI, "git+")
	p.Repository = rest
	afterHost := strings.Index(rest, "://") + len("://")
	if at := strings.LastIndexAny(rest, "@#"); at > afterHost && strings.Contains(rest[afterHost:at], "/") {
		p.Repository, p.Ref = rest[:at], rest[at+1:]
	}
	for _, algorithm := range []string{"gitCommit", "sha1"} {
		if p.Commit == "" {
			p.Commit = r.Digest[algorithm]
		}
	}
}
