package engine

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/containerd/containerd/api/services/content/v1"
	"github.com/containerd/containerd/api/services/images/v1"
	"github.com/containerd/containerd/api/services/namespaces/v1"
	"github.com/containerd/containerd/api/types"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/internal/assemble"
)

// store is a content store with images in namespaces, and the three services over it. It sends
// blobs in small pieces. make e2e asks a real containerd the same.
type store struct {
	blobs map[string][]byte
	names map[string]map[string]image.Descriptor // by namespace
}

func namespaceOf(ctx context.Context) string {
	incoming, _ := metadata.FromIncomingContext(ctx)
	if values := incoming.Get(namespaceHeader); len(values) == 1 {
		return values[0]
	}
	return ""
}

func toImage(name string, d image.Descriptor) *images.Image {
	return &images.Image{Name: name, Target: &types.Descriptor{MediaType: d.MediaType, Digest: d.Digest.String(), Size: d.Size}}
}

type imageService struct {
	images.UnimplementedImagesServer
	*store
}

func (s imageService) Get(ctx context.Context, r *images.GetImageRequest) (*images.GetImageResponse, error) {
	d, found := s.names[namespaceOf(ctx)][r.GetName()]
	if !found {
		return nil, status.Errorf(codes.NotFound, "image %q: not found", r.GetName())
	}
	return &images.GetImageResponse{Image: toImage(r.GetName(), d)}, nil
}

func (s imageService) List(ctx context.Context, _ *images.ListImagesRequest) (*images.ListImagesResponse, error) {
	answer := &images.ListImagesResponse{}
	for name, d := range s.names[namespaceOf(ctx)] {
		answer.Images = append(answer.Images, toImage(name, d))
	}
	return answer, nil
}

type namespaceService struct {
	namespaces.UnimplementedNamespacesServer
	*store
}

func (s namespaceService) List(context.Context, *namespaces.ListNamespacesRequest) (*namespaces.ListNamespacesResponse, error) {
	answer := &namespaces.ListNamespacesResponse{}
	for name := range s.names {
		answer.Namespaces = append(answer.Namespaces, &namespaces.Namespace{Name: name})
	}
	return answer, nil
}

type contentService struct {
	content.UnimplementedContentServer
	*store
}

func (s contentService) Info(_ context.Context, r *content.InfoRequest) (*content.InfoResponse, error) {
	blob, found := s.blobs[r.GetDigest()]
	if !found {
		return nil, status.Errorf(codes.NotFound, "content %s: not found", r.GetDigest())
	}
	return &content.InfoResponse{Info: &content.Info{Digest: r.GetDigest(), Size: int64(len(blob))}}, nil
}

func (s contentService) Read(r *content.ReadContentRequest, stream content.Content_ReadServer) error {
	blob, found := s.blobs[r.GetDigest()]
	if !found {
		return status.Errorf(codes.NotFound, "content %s: not found", r.GetDigest())
	}
	for piece := range slices.Chunk(blob, 100) {
		if err := stream.Send(&content.ReadContentResponse{Data: piece}); err != nil {
			return err
		}
	}
	return nil
}

// serve makes the store's services listen on a socket.
func (s *store) serve(t *testing.T) (socket string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "engine")
	if err != nil {
		t.Fatal(err)
	}
	socket = filepath.Join(dir, "socket")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	content.RegisterContentServer(server, contentService{store: s})
	images.RegisterImagesServer(server, imageService{store: s})
	namespaces.RegisterNamespacesServer(server, namespaceService{store: s})
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener) // ends with Stop
	}()
	t.Cleanup(func() { server.Stop(); <-done; _ = os.RemoveAll(dir) })
	return socket
}

func (s *store) put(t *testing.T, mediaType string, value any) image.Descriptor {
	t.Helper()
	blob, ok := value.([]byte)
	if !ok {
		var err error
		if blob, err = json.Marshal(value); err != nil {
			t.Fatal(err)
		}
	}
	d := image.Descriptor{MediaType: mediaType, Digest: image.DigestOf(blob), Size: int64(len(blob))}
	s.blobs[d.Digest.String()] = blob
	return d
}

type object map[string]any

// putImage stores an image of one layer and returns its manifest's and its layer's descriptor.
func (s *store) putImage(t *testing.T, architecture string) (manifest, layer image.Descriptor) {
	t.Helper()
	built, err := assemble.Layer([]assemble.File{{Path: "etc/os-release", Mode: 0o644, Body: []byte("ID=" + architecture + "\n")}}, assemble.None)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := built.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	stored, err := io.ReadAll(stream)
	if err != nil {
		t.Fatal(err)
	}
	layer = s.put(t, image.MediaTypeLayer, stored)
	config := s.put(t, image.MediaTypeConfig, object{"os": "linux", "architecture": architecture, "rootfs": object{"diff_ids": []image.Digest{built.DiffID}}})
	manifest = s.put(t, image.MediaTypeManifest, object{"schemaVersion": 2, "config": config, "layers": []image.Descriptor{layer}})
	manifest.Platform = &image.Platform{OS: "linux", Architecture: architecture}
	return manifest, layer
}

func TestContainerd(t *testing.T) {
	s := &store{blobs: map[string][]byte{}, names: map[string]map[string]image.Descriptor{"default": {}, "k8s.io": {}}}
	amd64, layer := s.putImage(t, "amd64")
	arm64, _ := s.putImage(t, "arm64")
	index := s.put(t, image.MediaTypeIndex, object{"schemaVersion": 2, "manifests": []image.Descriptor{amd64, arm64}})
	delete(s.blobs, arm64.Digest.String()) // what was pulled is one platform
	s.names["default"]["docker.io/library/app:latest"] = index
	s.names["default"]["registry.example/app:1"] = index
	s.names["k8s.io"]["docker.io/org/other:2"] = amd64
	variables := map[string]string{"CONTAINERD_ADDRESS": "unix://" + s.serve(t)}
	options := Options{Reference: "as named", Getenv: environment(variables)}
	want := image.Platform{OS: "linux", Architecture: "amd64"}

	for name, repository := range map[string]string{"app": "docker.io/library/app", "app:latest": "docker.io/library/app",
		"docker.io/library/app:latest": "docker.io/library/app", "registry.example/app:1": "registry.example/app"} {
		source, err := OpenContainerd(t.Context(), name, options)
		if err != nil {
			t.Fatal(err)
		}
		defer source.Close()
		img, err := source.Image(t.Context(), want)
		if err != nil {
			t.Fatal(err)
		}
		if img.Digest != amd64.Digest || img.IndexDigest != index.Digest || img.Repository != repository || img.Reference != "as named" {
			t.Errorf("%s: %+v", name, img)
		}
		read, err := rootfs.Read(t.Context(), img.Layers[0], rootfs.Options{})
		if err != nil || len(read.Entries) != 1 {
			t.Errorf("%s: %v, %v", name, read, err)
		}
		platforms, err := source.Platforms(t.Context())
		if err != nil || !cmp.Equal(platforms, []image.Platform{want, {OS: "linux", Architecture: "arm64"}}) {
			t.Errorf("%s: platforms %v, %v", name, platforms, err)
		}
		_, err = source.Image(t.Context(), image.Platform{OS: "linux", Architecture: "arm64"})
		wantError(t, err, "containerd does not have it", "--platform", arm64.Digest.String())
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%v is not fs.ErrNotExist", err)
		}
		_, err = source.Image(t.Context(), image.Platform{OS: "linux", Architecture: "s390x"})
		wantError(t, err, "as named has no image for linux/s390x")
	}

	_, err := OpenContainerd(t.Context(), "org/other:2", options)
	wantError(t, err, `in namespace "k8s.io"`, "CONTAINERD_NAMESPACE=k8s.io")
	_, err = OpenContainerd(t.Context(), "nope", options)
	wantError(t, err, `namespace "default"`, "registry.example/app:1", "name one of them")
	variables["CONTAINERD_NAMESPACE"] = "empty"
	_, err = OpenContainerd(t.Context(), "nope", options)
	wantError(t, err, "holds no image at all")
	variables["CONTAINERD_NAMESPACE"] = "k8s.io"
	source, err := OpenContainerd(t.Context(), "org/other:2", options)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	kept := s.blobs[layer.Digest.String()]
	delete(s.blobs, layer.Digest.String())
	_, err = source.Image(t.Context(), want)
	wantError(t, err, "layer 1 of 1", "only its unpacked files", "discard_unpacked_layers", "from its registry")
	s.blobs[layer.Digest.String()] = append(slices.Clone(kept[:len(kept)-1]), 'x')
	img, err := source.Image(t.Context(), want)
	if err != nil {
		t.Fatal(err)
	}
	var mismatch *image.DigestError
	if _, err := rootfs.Read(t.Context(), img.Layers[0], rootfs.Options{}); !errors.As(err, &mismatch) {
		t.Errorf("an altered layer: %v", err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := OpenContainerd(ctx, "app", options); !errors.Is(err, context.Canceled) {
		t.Errorf("after cancelling: %v", err)
	}
	if _, err := source.Image(ctx, want); !errors.Is(err, context.Canceled) {
		t.Errorf("after cancelling: %v", err)
	}
	variables["CONTAINERD_ADDRESS"] = "/nonexistent/containerd.sock"
	_, err = OpenContainerd(t.Context(), "app", options)
	wantError(t, err, "does not answer at /nonexistent/containerd.sock", "CONTAINERD_ADDRESS")
}

func TestWholeNames(t *testing.T) {
	for name, want := range map[string][]string{
		"app":                      {"app", "docker.io/library/app:latest"},
		"app:1":                    {"app:1", "docker.io/library/app:1"},
		"org/app":                  {"org/app", "docker.io/org/app:latest"},
		"registry.example/app":     {"registry.example/app", "registry.example/app:latest"},
		"registry.example/app:1":   {"registry.example/app:1"},
		"localhost/app:1":          {"localhost/app:1"},
		"registry:5000/app":        {"registry:5000/app", "registry:5000/app:latest"},
		"registry:5000/app@sha256": {"registry:5000/app@sha256"},
	} {
		if got := wholeNames(name); !cmp.Equal(got, want) {
			t.Errorf("%s: %v", name, got)
		}
	}
}
