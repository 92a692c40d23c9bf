package evidence

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// fileWord is the predicate about a file: that its signer stands for it.
type fileWord struct {
	Created string `json:"created"` // RFC 3339, when it was signed
}

// FileStatement says that its signer stands for a file: a policy, waivers, a VEX document, each by
// the digest of its bytes, or an advisory database by its root digest. What is in the file is not
// repeated: two places could say two things.
func FileStatement(predicateType string, at time.Time, subjects ...Subject) (Statement, error) {
	if !slices.Contains([]string{PolicyType, WaiversType, VEXFileType, DatabaseType}, predicateType) {
		return Statement{}, fmt.Errorf("the predicate %.80q is about no file", predicateType)
	}
	return NewStatement(predicateType, fileWord{at.UTC().Format(time.RFC3339)}, subjects...)
}

// Names are what the trust calls the signers, each once.
func (v Verified) Names() []string {
	var names []string
	for _, who := range v.Signers {
		names = append(names, who.Name)
	}
	return slices.Compact(names) // they are sorted
}

// SignersOf returns who has signed bundles about one content, as the trust calls them, each once.
// Bundles that do not hold do not count, and what takes more checks than are sensible is passed over: a
// signer who was not seen has not signed. If nobody was seen, the error says why.
func (v *Verifier) SignersOf(ctx context.Context, bundles [][]byte, want Want) ([]string, error) {
	if len(bundles) == 0 {
		return nil, fmt.Errorf("verifying evidence for %s: %w; attach it, or look where it lies", want.Subject, ErrAbsent)
	}
	var names []string
	var reasons []error
	bounded := v.Bounded()
	for _, bundle := range bundles[:min(len(bundles), MaxBundles)] {
		verified, err := bounded.Verify(ctx, bundle, want)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err != nil {
			reasons = append(reasons, err)
			continue
		}
		names = append(names, verified.Names()...)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("none of %d signatures holds%w", len(bundles), someOf(reasons))
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// reasonList is why bundles were refused, the first few in words.
type reasonList []error

func someOf(reasons []error) error { return reasonList(reasons) }

func (r reasonList) Error() string {
	const few = 3
	text := ""
	for i, reason := range r {
		if i == few {
			return text + fmt.Sprintf("; and %d more", len(r)-few)
		}
		text += "; " + reason.Error()
	}
	return text
}

func (r reasonList) Unwrap() []error { return r }
