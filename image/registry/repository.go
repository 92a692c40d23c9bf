package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"plimsoll.dev/plimsoll/image"
)

// Access is what a repository is opened for.
type Access string

// The kinds of access. Registries whose tokens are made for a purpose are asked for the one named.
const (
	Read  = Access(transport.PullScope)
	Write = Access(transport.PushScope)
)

// Repository is one repository of a registry: its documents and blobs by tag or digest, and what
// refers to them. All that is asked for by digest is verified before it is returned.
type Repository struct{ connection }

// Split reads the name of an image, with Docker's defaults where it leaves something out:
// "alpine" is "docker.io/library/alpine" and "latest". Where a digest is named, it is the
// identifier, and a tag beside it is only a comment.
func Split(reference string) (repository, identifier string, err error) {
	parsed, _, err := parse(reference, false)
	if err != nil {
		return "", "", err
	}
	return familiar(parsed.Context().Name()), parsed.Identifier(), nil
}

// OpenRepository finds a repository by its name, such as "registry.example/app".
func OpenRepository(ctx context.Context, repository string, access Access, options Options) (*Repository, error) {
	return openRepository(ctx, repository, access, options, defaultPace())
}

func openRepository(ctx context.Context, repository string, access Access, options Options, pace pace) (*Repository, error) {
	var insecure []name.Option
	if options.Insecure {
		insecure = append(insecure, name.Insecure)
	}
	parsed, err := name.NewRepository(repository, insecure...)
	if err != nil || strings.Contains(repository, "://") || strings.Contains("/"+parsed.RepositoryStr()+"/", "/../") {
		return nil, fmt.Errorf("%.300q is no name of a repository: want a name in lower case without tag and digest, such as registry.example/app", withoutUser(repository))
	}
	called := options.Reference
	if called == "" {
		called = repository
	}
	connected, err := connect(ctx, parsed, called, string(access), options, pace)
	if err != nil {
		return nil, err
	}
	return &Repository{connected}, nil
}

// Name is the repository's name with its registry.
func (r *Repository) Name() string { return familiar(r.repository.Name()) }

// Document fetches an index or manifest by tag or digest, of limit bytes at most, beyond which it
// fails with *TooLongError. It fails with fs.ErrNotExist if there is none, and with
// *image.DigestError if it is not what its digest says. Beside an error it returns no content, and
// the size of what was read.
func (r *Repository) Document(ctx context.Context, reference string, limit int64) (Document, error) {
	what := fmt.Sprintf("document %.128s", reference)
	if !isIdentifier(reference) {
		return Document{}, fmt.Errorf("%.128q is neither a tag nor a digest", reference)
	}
	found, err := r.document(ctx, "manifests/"+reference, what, limit)
	if isNotFound(err) {
		return Document{}, &failure{fmt.Sprintf("%s has no %s", r.Name(), what), fs.ErrNotExist}
	}
	read := Document{Descriptor: image.Descriptor{Size: found.Size}}
	if err != nil {
		return read, r.explain("fetching "+what, err)
	}
	if !strings.Contains(reference, ":") {
		return found, nil
	}
	want, err := image.ParseDigest(reference)
	if err != nil {
		return read, err
	}
	if found.Digest != want {
		return read, r.explain("fetching "+what, &image.DigestError{What: what, Want: want, Got: found.Digest})
	}
	return found, nil
}

// isIdentifier tells whether a text can stand in a URL as a tag (distribution-spec, "Pulling
// manifests") or a digest.
func isIdentifier(text string) bool {
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
	rest, _ := strings.CutPrefix(text, "sha256:")
	return rest != "" && len(rest) <= 128 && strings.Trim(rest, allowed+".-") == "" && strings.Contains(allowed, rest[:1])
}

// Blob fetches a small blob as a whole. It fails with fs.ErrNotExist if there is none, and with
// *image.DigestError if it is not what its descriptor says. Not more than the descriptor's size
// is read, so it is the caller who has to look at that first.
func (r *Repository) Blob(ctx context.Context, d image.Descriptor) ([]byte, error) {
	what := "blob " + d.Digest.String()
	stream, err := r.OpenBlob(ctx, d)
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	content, err := image.ReadBlob(io.LimitReader(stream, d.Size+1), d, what)
	if err != nil {
		return nil, r.explain("fetching "+what, err)
	}
	return content, nil
}

// OpenBlob opens the stored bytes of a blob, whatever its type, which the reader verifies and
// bounds. It fails with fs.ErrNotExist if there is none. What ends before the descriptor's size is
// altered, and not a download that broke off, if the registry itself says that this is its end.
func (r *Repository) OpenBlob(ctx context.Context, d image.Descriptor) (io.ReadCloser, error) {
	d.Size = 0 // not known
	return r.streamFrom(ctx, "blobs/"+d.Digest.String(), d, "blob "+d.Digest.String())
}

const (
	// These bound what is read of a list of
	// referrers. Whoever may push may make it as long as they like.
	maxReferrerPages = 50
	maxReferrers     = 20_000
	maxReferrerBytes = 32 << 20
	maxReferrerPage  = 8 << 20
)

// Referrers is what a registry says refers to a digest.
type Referrers struct {
	Descriptors []image.Descriptor
	// Cut says why the rest of the list was not read; empty if there is no rest.
	Cut string
}

// Referrers asks what refers to a digest (distribution-spec v1.1, "Listing Referrers"). A registry
// may list others than those of the artifact type that is asked for, and what it says of them is
// not verified. It fails with errors.ErrUnsupported if the registry does not have the request.
func (r *Repository) Referrers(ctx context.Context, subject image.Digest, artifactType string) (Referrers, error) {
	base := "referrers/" + subject.String()
	path := base + "?" + url.Values{"artifactType": {artifactType}}.Encode()
	var list Referrers
	left := int64(maxReferrerBytes)
	for range maxReferrerPages {
		page, err := r.document(ctx, path, "list of referrers", min(left, maxReferrerPage))
		if err != nil {
			return list, r.noReferrers(err, len(list.Descriptors) > 0)
		}
		if page.MediaType != image.MediaTypeIndex {
			return list, r.noReferrers(errors.ErrUnsupported, len(list.Descriptors) > 0) // a page for people, as ghcr.io's
		}
		left -= page.Size
		index, err := image.ParseIndex(page.Content)
		if err != nil {
			return list, r.explain("listing referrers of "+subject.String(), err)
		}
		list.Descriptors = append(list.Descriptors, index.Manifests...)
		next, err := r.nextPage(page.header.Get("Link"), base)
		if err != nil {
			return list, r.explain("listing referrers of "+subject.String(), err)
		}
		switch {
		case next == "":
			return list, nil
		case len(list.Descriptors) > maxReferrers || left <= 0:
			list.Cut = fmt.Sprintf("the list is longer than %d entries or %d MiB", maxReferrers, maxReferrerBytes>>20)
			return list, nil
		}
		path = next
	}
	list.Cut = fmt.Sprintf("the list has more than %d pages", maxReferrerPages)
	return list, nil
}

// noReferrers tells a registry that does not have the request from one that has failed.
func (r *Repository) noReferrers(err error, begun bool) error {
	var answer *transport.Error
	switch {
	case begun:
	case errors.Is(err, errors.ErrUnsupported):
		return err
	case errors.As(err, &answer):
		switch answer.StatusCode {
		case http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotAcceptable, http.StatusNotImplemented:
			return errors.ErrUnsupported
		}
	}
	return r.explain("listing referrers", err)
}

// nextPage reads a Link header (RFC 8288): `<URL>; rel="next"`. A page lies where the first one
// did; only the query may differ.
func (r *Repository) nextPage(link, base string) (string, error) {
	target, parameters, found := strings.Cut(strings.TrimPrefix(strings.TrimSpace(link), "<"), ">")
	if !found || !strings.Contains(strings.ReplaceAll(parameters, `"`, ""), "rel=next") {
		return "", nil
	}
	first := r.url(base)
	next, err := first.Parse(target)
	if err != nil || hostPort(next) != hostPort(first) && next.Host != first.Host || next.Path != first.Path {
		return "", &refusedError{"the next page of its list is said to be somewhere else, where it is not looked for"}
	}
	return base + "?" + next.RawQuery, nil
}

func isNotFound(err error) bool {
	var answer *transport.Error
	return errors.As(err, &answer) && answer.StatusCode == http.StatusNotFound
}
