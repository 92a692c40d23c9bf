package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/registry"
	"plimsoll.dev/plimsoll/policy"
)

// ociScheme begins the name of a policy in a registry.
const ociScheme = "oci://"

// policyFile is how registries keep a policy. Besides our own media type, that of YAML (RFC 9512)
// is taken: it is what a generic tool pushes (oras push NAME policy.yaml:application/yaml).
func policyFile() registry.FileType {
	return registry.FileType{
		Name: "policy", Artifact: "application/vnd.plimsoll.policy.v1",
		MediaTypes: []string{"application/vnd.plimsoll.policy.v1+yaml", "application/yaml"},
		MaxSize:    policy.MaxSize,
	}
}

// readPolicy reads the text of a policy: a file, or an artifact in a registry.
func (p *program) readPolicy(ctx context.Context, path string, remote remoteFlags) ([]byte, error) {
	reference, inRegistry := strings.CutPrefix(path, ociScheme)
	if !inRegistry {
		content, err := readLimited(path, policy.MaxSize)
		if err != nil {
			return nil, fmt.Errorf("reading the policy: %w", err)
		}
		return content, nil
	}
	_, digest, _ := strings.Cut(reference, "@")
	wanted, err := image.ParseDigest(digest)
	if err != nil {
		return nil, usageError{fmt.Errorf("--policy %s: name a policy in a registry by its digest, as oci://registry.example/policies/base@sha256:…: whoever may move a tag could change the policy unseen, and no verdict could be repeated", path)}
	}
	cache, err := p.openCache()
	if err != nil {
		return nil, err
	}
	file, cached := cachedPolicy(cache, wanted)
	if !cached {
		if file, err = p.fetchPolicy(ctx, reference, remote); err != nil {
			return nil, fmt.Errorf("reading the policy %s: %w", path, err)
		}
		if err := keepPolicy(cache, file); err != nil {
			p.warn("the policy will be fetched again: " + err.Error())
		}
	}
	return file.Content, cache.Close()
}

func (p *program) fetchPolicy(ctx context.Context, reference string, remote remoteFlags) (*registry.File, error) {
	if p.global.offline {
		return nil, errors.New("it is not in the cache, and with --offline no registry is asked: run once without it, or give a file")
	}
	options, err := registryOptions(remote)
	if err != nil {
		return nil, err
	}
	// --insecure is meant for the target's registry, and a policy's digest protects no credentials.
	options.Insecure = false
	return registry.FetchFile(ctx, reference, policyFile(), options)
}

// policyKind is the kind of the cache's entries that are policies.
const policyKind = "policies"

// cachedPolicy returns a policy that was fetched before, verified once more.
func cachedPolicy(cache entries, wanted image.Digest) (*registry.File, bool) {
	content, found := cache.Get(policyKind, wanted.String())
	var file registry.File
	if !found || json.Unmarshal(content, &file) != nil || file.Verify(wanted, policyFile()) != nil {
		return nil, false
	}
	return &file, true
}

func keepPolicy(cache entries, file *registry.File) error {
	content, err := json.Marshal(file)
	if err != nil {
		return err
	}
	return cache.Put(policyKind, file.Digest.String(), content)
}

// entries are what is remembered.
type entries interface {
	Get(kind, key string) ([]byte, bool)
	Put(kind, key string, content []byte) error
}

func (p *program) policyPushCommand() *cobra.Command {
	var remote remoteFlags
	c := &cobra.Command{
		Use:   "push FILE oci://NAME[:TAG]",
		Short: "Store a policy in a registry, and print its name by digest",
		Long: `Push checks a policy file and stores it in a registry as an artifact. What it prints is what
--policy takes: the name with the digest. A tag is for people only.`,
		Example: `  plimsoll policy push policy.yaml oci://registry.example/policies/base:v3`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 2 || !strings.HasPrefix(args[1], ociScheme) {
				return usageError{fmt.Errorf("%s wants a policy file and oci://NAME[:TAG]: see %s --help", c.CommandPath(), c.CommandPath())}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			return p.policyPush(c.Context(), args[0], strings.TrimPrefix(args[1], ociScheme), remote)
		},
	}
	remote.register(c.Flags())
	return c
}

func (p *program) policyPush(ctx context.Context, path, reference string, remote remoteFlags) error {
	content, err := readLimited(path, policy.MaxSize)
	if err != nil {
		return fmt.Errorf("reading the policy: %w", err)
	}
	if _, err := policy.Parse(path, content); err != nil {
		return err
	}
	if p.global.offline {
		return errors.New("with --offline no registry is spoken to: push without it")
	}
	options, err := registryOptions(remote)
	if err != nil {
		return err
	}
	name, err := registry.PushFile(ctx, reference, content, policyFile(), options)
	if err != nil {
		return fmt.Errorf("pushing the policy %s: %w", path, err)
	}
	return p.write(func(w io.Writer) error {
		_, err := fmt.Fprintln(w, ociScheme+name)
		return err
	})
}
