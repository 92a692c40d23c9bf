package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"slices"
	"strings"

	"github.com/containerd/containerd/api/services/content/v1"
	"github.com/containerd/containerd/api/services/images/v1"
	"github.com/containerd/containerd/api/services/namespaces/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"plimsoll.dev/plimsoll/image"
)

const (
	// containerd's own defaults (defaults.DefaultAddress, namespaces.Default), which ctr and
	// nerdctl have, too.
	containerdSocket    = "/run/containerd/containerd.sock"
	containerdNamespace = "default"
	// namespaceHeader says which namespace a call is about (containerd, docs/namespaces.md).
	namespaceHeader = "containerd-namespace"
	// maxMessage bounds one answer: lists of images are the longest.
	maxMessage = 16 << 20
)

// containerd is an image in containerd's content store. It implements image.Source.
type containerd struct {
	connection *grpc.ClientConn
	socket     string
	namespace  string
	reference  string
	name       string // what containerd calls the image
	root       image.Descriptor
}

// OpenContainerd opens an image that containerd holds, in the namespace CONTAINERD_NAMESPACE of
// the daemon at CONTAINERD_ADDRESS.
func OpenContainerd(ctx context.Context, name string, options Options) (image.Source, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	c := &containerd{socket: options.Getenv("CONTAINERD_ADDRESS"), namespace: options.Getenv("CONTAINERD_NAMESPACE"), reference: options.Reference}
	if c.socket == "" {
		c.socket = containerdSocket
	}
	c.socket = strings.TrimPrefix(c.socket, "unix://")
	if c.namespace == "" {
		c.namespace = containerdNamespace
	}
	if err := c.connect(ctx); err != nil {
		return nil, err
	}
	if err := c.find(ctx, name); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// connect tries the socket itself first: what the system says of it is clearer than gRPC's words.
func (c *containerd) connect(ctx context.Context) error {
	var dialer net.Dialer
	probe, err := dialer.DialContext(ctx, "unix", c.socket)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("containerd's socket %s cannot be opened: %w: run this as a user who may use containerd, mostly root", c.socket, os.ErrPermission)
	case err != nil:
		return fmt.Errorf("containerd does not answer at %s: start it, or say where it is with CONTAINERD_ADDRESS", c.socket)
	}
	_ = probe.Close() // nothing was said
	c.connection, err = grpc.NewClient("passthrough:///containerd",
		grpc.WithTransportCredentials(insecure.NewCredentials()), // the socket's permissions protect it
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", c.socket)
		}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage)))
	if err != nil {
		return fmt.Errorf("connecting to containerd at %s: %w", c.socket, err)
	}
	return nil
}

// find looks the image up by its name, as it stands and as Docker's short names are meant.
func (c *containerd) find(ctx context.Context, name string) error {
	found, err := c.get(ctx, c.namespace, name)
	if err != nil {
		return c.explain("asking for image "+name, err)
	}
	if found == nil {
		return c.absent(ctx, name)
	}
	c.name = found.GetName()
	target := found.GetTarget()
	digest, err := image.ParseDigest(target.GetDigest())
	if err != nil {
		return fmt.Errorf("containerd at %s: image %s: %w", c.socket, c.name, err)
	}
	c.root = image.Descriptor{MediaType: target.GetMediaType(), Digest: digest, Size: target.GetSize()}
	return nil
}

// get returns an image of a namespace, nil if there is none.
func (c *containerd) get(ctx context.Context, namespace, name string) (*images.Image, error) {
	ctx = metadata.AppendToOutgoingContext(ctx, namespaceHeader, namespace)
	for _, candidate := range wholeNames(name) {
		answer, err := images.NewImagesClient(c.connection).Get(ctx, &images.GetImageRequest{Name: candidate})
		if status.Code(err) == codes.NotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		return answer.GetImage(), nil
	}
	return nil, nil
}

// wholeNames lists what a name may mean: itself, and with what Docker leaves out.
func wholeNames(name string) []string {
	whole := name
	first, _, hasFolder := strings.Cut(name, "/")
	switch {
	case hasFolder && (strings.ContainsAny(first, ".:") || first == "localhost"):
	case hasFolder:
		whole = "docker.io/" + name
	default:
		whole = "docker.io/library/" + name
	}
	last := whole[strings.LastIndexByte(whole, '/')+1:]
	if !strings.ContainsAny(last, ":@") {
		whole += ":latest"
	}
	return slices.Compact([]string{name, whole})
}

// absent says where else an image is, or what is there instead.
func (c *containerd) absent(ctx context.Context, name string) error {
	known, err := namespaces.NewNamespacesClient(c.connection).List(ctx, &namespaces.ListNamespacesRequest{})
	if err != nil {
		return c.explain("asking for its namespaces", err)
	}
	for _, n := range known.GetNamespaces() {
		if elsewhere, err := c.get(ctx, n.GetName(), name); err == nil && elsewhere != nil {
			return fmt.Errorf("containerd at %s has no image %s in namespace %q, but in namespace %q: set CONTAINERD_NAMESPACE=%s", c.socket, name, c.namespace, n.GetName(), n.GetName())
		}
	}
	listed, err := images.NewImagesClient(c.connection).List(metadata.AppendToOutgoingContext(ctx, namespaceHeader, c.namespace), &images.ListImagesRequest{})
	if err != nil {
		return c.explain("asking for its images", err)
	}
	where := fmt.Sprintf("containerd at %s, namespace %q,", c.socket, c.namespace)
	if len(listed.GetImages()) == 0 {
		return fmt.Errorf("%s holds no image at all: pull %s first, or name it without \"containerd:\" to have it from its registry", where, name)
	}
	missing := &image.NameError{Where: where, Want: name}
	for _, i := range listed.GetImages() {
		missing.Have = append(missing.Have, i.GetName())
	}
	return missing
}

// Image implements image.Source.
func (c *containerd) Image(ctx context.Context, platform image.Platform) (*image.Image, error) {
	resolved, err := image.Resolve(ctx, c.reference, []image.Descriptor{c.root}, platform, c.blob)
	if err != nil {
		return nil, c.named(err)
	}
	for i, layer := range resolved.Layers {
		if err := c.check(ctx, layer); err != nil {
			return nil, c.named(fmt.Errorf("layer %d of %d, %s: %w", i+1, len(resolved.Layers), layer.Digest, err))
		}
	}
	resolved.Repository = image.RepositoryOf(c.name)
	return resolved, nil
}

// Platforms implements image.Source.
func (c *containerd) Platforms(ctx context.Context) ([]image.Platform, error) {
	platforms, err := image.Platforms(ctx, []image.Descriptor{c.root}, c.blob)
	if err != nil {
		return nil, c.named(err)
	}
	return platforms, nil
}

// named puts the image's name before an error that does not have it.
func (c *containerd) named(err error) error {
	var elsewhere *image.PlatformError
	if errors.As(err, &elsewhere) {
		return elsewhere
	}
	return fmt.Errorf("reading image %s from containerd at %s: %w", c.name, c.socket, err)
}

// Close implements image.Source.
func (c *containerd) Close() error { return c.connection.Close() }

// check asks whether a layer's blob is there: an engine may have unpacked it and thrown it away.
func (c *containerd) check(ctx context.Context, layer image.Layer) error {
	ctx = metadata.AppendToOutgoingContext(ctx, namespaceHeader, c.namespace)
	_, err := content.NewContentClient(c.connection).Info(ctx, &content.InfoRequest{Digest: layer.Digest.String()})
	if status.Code(err) == codes.NotFound {
		return fmt.Errorf("containerd has only its unpacked files (%w): it was told to discard layers once they are unpacked (discard_unpacked_layers), so scan the image from its registry", fs.ErrNotExist)
	}
	if err != nil {
		return c.explain("asking for a layer", err)
	}
	return nil
}

// blob implements image.OpenBlob.
func (c *containerd) blob(ctx context.Context, d image.Descriptor, what string) (io.ReadCloser, error) {
	ctx, cancel := context.WithCancel(metadata.AppendToOutgoingContext(ctx, namespaceHeader, c.namespace))
	stream, err := content.NewContentClient(c.connection).Read(ctx, &content.ReadContentRequest{Digest: d.Digest.String()})
	b := &blob{stream: stream, cancel: cancel}
	if err == nil {
		err = b.next() // whether it is there shows with the first piece
	}
	switch {
	case err == nil || errors.Is(err, io.EOF):
		return b, nil
	case status.Code(err) == codes.NotFound:
		cancel()
		return nil, fmt.Errorf("%s, %s: containerd does not have it (%w): it keeps only what was pulled, so pull the image for this platform, as with nerdctl pull --platform, or choose another with --platform", what, d.Digest, fs.ErrNotExist)
	}
	cancel()
	return nil, c.explain("reading "+what, err)
}

// blob is a blob on its way.
type blob struct {
	stream content.Content_ReadClient
	cancel context.CancelFunc
	piece  []byte
	end    error
}

// next receives pieces until one holds something.
func (b *blob) next() error {
	for len(b.piece) == 0 && b.end == nil {
		answer, err := b.stream.Recv()
		b.piece, b.end = answer.GetData(), err
	}
	if len(b.piece) > 0 {
		return nil
	}
	return b.end
}

// Read implements io.Reader.
func (b *blob) Read(p []byte) (int, error) {
	if err := b.next(); err != nil {
		return 0, err
	}
	n := copy(p, b.piece)
	b.piece = b.piece[n:]
	return n, nil
}

// Close implements io.Closer.
func (b *blob) Close() error {
	b.cancel()
	return nil
}

// explain says what of containerd failed.
func (c *containerd) explain(doing string, err error) error {
	s := status.Convert(err)
	if s.Code() == codes.Canceled {
		return context.Canceled
	}
	return fmt.Errorf("%s: containerd at %s failed: %s (%s)", doing, c.socket, s.Message(), s.Code())
}
