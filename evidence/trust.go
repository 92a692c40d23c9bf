package evidence

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"plimsoll.dev/plimsoll/evidence/dsse"
	"plimsoll.dev/plimsoll/image"
)

// The limits of a trust document.
const (
	// MaxTrust is the largest trust document in bytes, and the largest file that it names.
	MaxTrust = 1 << 20
	// maxIdentities bounds the identities; the keys are bounded by dsse.MaxKeys.
	maxIdentities = 256
	// maxBuilders bounds the builders, maxLevel is the highest build level of SLSA 1.x.
	maxBuilders = 256
	maxLevel    = 3
)

// Trust says whom to believe, and in what. Only ParseTrust and ReadTrust make one; the zero Trust
// believes nobody.
type Trust struct {
	name       string
	digest     image.Digest // of the document
	keys       []trustedKey
	identities []trustedIdentity
	root       []byte // a Sigstore trusted root, JSON; nil if there is none
	roles      map[Role][]string
	builders   []trustedBuilder
}

// trustedKey is a key and what it is called.
type trustedKey struct {
	name string
	key  dsse.Key
}

// trustedIdentity is who a certificate may be for.
type trustedIdentity struct {
	name, issuer, subject string         // subject is exact
	pattern               *regexp.Regexp // nil if the subject is exact
}

// trustedBuilder is the SLSA build level of builders, if one of these has signed their provenance.
type trustedBuilder struct {
	id    *regexp.Regexp
	level int
	by    []string
}

// Name is the document's metadata.name.
func (t Trust) Name() string { return t.name }

// Digest is that of the exact bytes of the document; files that it names are not in it.
func (t Trust) Digest() image.Digest { return t.digest }

// Root is the Sigstore trusted root (JSON) against which certificates are verified; nil if the
// document has none.
func (t Trust) Root() []byte { return slices.Clone(t.root) }

// HasIdentities tells whether the trust believes certificates at all.
func (t Trust) HasIdentities() bool { return len(t.identities) > 0 }

// CertificateIdentity is who a certificate may be for, as a trust document names them.
type CertificateIdentity struct {
	Name, Issuer string
	Subject      string // exact; empty if there is a pattern
	Pattern      string // a regular expression for the whole of the subject, anchored
}

// Identities returns those whose certificates the trust believes, for whoever verifies certificates.
func (t Trust) Identities() []CertificateIdentity {
	identities := make([]CertificateIdentity, len(t.identities))
	for i, known := range t.identities {
		identities[i] = CertificateIdentity{Name: known.name, Issuer: known.issuer, Subject: known.subject}
		if known.pattern != nil {
			identities[i].Pattern = known.pattern.String()
		}
	}
	return identities
}

// IsZero tells whether the trust believes nobody.
func (t Trust) IsZero() bool { return len(t.keys) == 0 && len(t.identities) == 0 }

// May tells whether somebody may sign for a role.
func (t Trust) May(name string, role Role) bool { return slices.Contains(t.roles[role], name) }

// Names tells whether a key or an identity has the name.
func (t Trust) Names(name string) bool { return slices.Contains(t.names(), name) }

// Lists tells whether the trust names anybody for a role.
func (t Trust) Lists(role Role) bool { return len(t.roles[role]) > 0 }

// BuildLevel is the SLSA build level of a builder whose provenance these have signed: the highest that
// the trust gives it, 0 if none. Provenance does not state its level; whoever verifies knows what
// a builder is worth (SLSA 1.0, "Verifying artifacts", step 1).
func (t Trust) BuildLevel(builder string, signers []string) int {
	level := 0
	for _, b := range t.builders {
		if b.id.MatchString(builder) && slices.ContainsFunc(b.by, func(name string) bool { return slices.Contains(signers, name) }) {
			level = max(level, b.level)
		}
	}
	return level
}

// keyList returns the keys alone.
func (t Trust) keyList() []dsse.Key {
	keys := make([]dsse.Key, len(t.keys))
	for i, k := range t.keys {
		keys[i] = k.key
	}
	return keys
}

// Identify returns the names that the trust has for a key, by its id, or for a certificate, by its
// issuer and subject; none for a stranger.
func (t Trust) Identify(who Identity) []string {
	var names []string
	for _, k := range t.keys {
		if who.KeyID != "" && k.key.ID() == who.KeyID {
			names = append(names, k.name)
		}
	}
	for _, i := range t.identities {
		if who.Issuer == "" || who.Subject == "" || who.Issuer != i.issuer {
			continue
		}
		if i.pattern == nil && who.Subject == i.subject || i.pattern != nil && i.pattern.MatchString(who.Subject) {
			names = append(names, i.name)
		}
	}
	slices.Sort(names)
	return names
}

// ParseTrust reads a trust document: YAML, of which JSON is a part, read strictly. The name is for
// messages only. A document that names files is refused: ReadTrust knows where they are.
func ParseTrust(name string, data []byte) (Trust, error) {
	return parseTrust(name, data, func(file string) ([]byte, error) {
		return nil, fmt.Errorf("it names the file %.80q, and this document has no folder; write the content in its place", file)
	})
}

// ReadTrust reads a trust document from a file. Files that it names are looked for in its folder
// and below, and nowhere else: whoever may write the document must not have other files read.
func ReadTrust(file string) (Trust, error) {
	folder, err := os.OpenRoot(filepath.Dir(file))
	if err != nil {
		return Trust{}, fmt.Errorf("reading the trust document %s: %w", file, err)
	}
	defer folder.Close()
	read := func(name string) ([]byte, error) { return readSmall(folder, name) }
	data, err := read(filepath.Base(file))
	if err != nil {
		return Trust{}, fmt.Errorf("reading the trust document %s: %w", file, err)
	}
	return parseTrust(file, data, read)
}

// readSmall reads a file that has a sensible size.
func readSmall(folder *os.Root, name string) ([]byte, error) {
	info, err := folder.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > MaxTrust {
		return nil, fmt.Errorf("%s is not a file of at most %d bytes", name, MaxTrust)
	}
	return folder.ReadFile(name)
}

func parseTrust(name string, data []byte, read func(file string) ([]byte, error)) (Trust, error) {
	d := newTrustDecoder(name, read)
	d.Document(data, d.document)
	if err := d.Err(); err != nil {
		return Trust{}, err
	}
	d.trust.digest = image.DigestOf(data)
	return d.trust, nil
}

// keyDocument is a key as it is written.
type keyDocument struct {
	name, publicKey     string
	notBefore, notAfter time.Time
}

// identityDocument is an identity as it is written.
type identityDocument struct{ name, issuer, subject, pattern string }

func (t *Trust) addKey(k keyDocument, read func(file string) ([]byte, error)) error {
	if err := t.newName(k.name); err != nil {
		return err
	}
	text := []byte(k.publicKey)
	if !strings.Contains(k.publicKey, "-----BEGIN ") {
		var err error
		if text, err = read(k.publicKey); err != nil {
			return fmt.Errorf("publicKey: %w", err)
		}
	}
	key, err := dsse.ParseKey(text)
	if err != nil {
		return fmt.Errorf("publicKey: %w", err)
	}
	key.NotBefore, key.NotAfter = k.notBefore, k.notAfter
	if !k.notBefore.IsZero() && !k.notAfter.IsZero() && !k.notBefore.Before(k.notAfter) {
		return errors.New("notAfter is not after notBefore: the key would never count")
	}
	for _, other := range t.keys { // one who signs twice must not count as two
		if other.key.ID() == key.ID() {
			return fmt.Errorf("it is the same key as %.60q", other.name)
		}
	}
	t.keys = append(t.keys, trustedKey{k.name, key})
	return nil
}

func (t *Trust) addIdentity(i identityDocument) error {
	if err := t.newName(i.name); err != nil {
		return err
	}
	trusted := trustedIdentity{name: i.name, issuer: i.issuer, subject: i.subject}
	switch {
	case (i.subject == "") == (i.pattern == ""):
		return errors.New("give it either a subject or a subjectPattern")
	case i.pattern != "":
		pattern, err := wholePattern("subjectPattern", i.pattern)
		if err != nil {
			return err
		}
		trusted.pattern = pattern
	}
	t.identities = append(t.identities, trusted)
	return nil
}

// wholePattern reads a pattern for the whole of a text: * is any characters but slashes, **
// is any. They are those of policies; regular expressions match more than one reads in them, in
// which a dot is any character and an end is nowhere unless it is written.
func wholePattern(what, pattern string) (*regexp.Regexp, error) {
	if strings.Trim(pattern, "*/:.@") == "" {
		return nil, fmt.Errorf("%s %.80q matches everybody; name a host or an organisation", what, pattern)
	}
	var expression strings.Builder
	for rest := pattern; rest != ""; {
		switch {
		case strings.HasPrefix(rest, "**"):
			expression.WriteString(".*")
			rest = rest[2:]
		case rest[0] == '*':
			expression.WriteString("[^/]*")
			rest = rest[1:]
		default:
			end := strings.IndexByte(rest, '*')
			if end < 0 {
				end = len(rest)
			}
			expression.WriteString(regexp.QuoteMeta(rest[:end]))
			rest = rest[end:]
		}
	}
	return regexp.Compile(`^(?s:` + expression.String() + `)$`)
}

// addRoot takes a Sigstore trusted root: its JSON, or the file that holds it.
func (t *Trust) addRoot(root string, read func(file string) ([]byte, error)) error {
	if len(t.identities) == 0 {
		return errors.New("there are no identities that it would be used for; remove it, or add them")
	}
	if strings.HasPrefix(strings.TrimSpace(root), "{") {
		t.root = []byte(root)
		return nil
	}
	content, err := read(root)
	t.root = content
	return err
}

func (t *Trust) addRole(role Role, name string) error {
	switch {
	case !slices.Contains(t.names(), name):
		return errors.New("who is neither a key nor an identity of this document; mend the name, or add one")
	case slices.Contains(t.roles[role], name):
		return errors.New("and does so twice; keep one")
	}
	t.roles[role] = append(t.roles[role], name)
	return nil
}

func (t *Trust) addBuilder(id string, level int, by []string) error {
	pattern, err := wholePattern("id", id)
	if err != nil {
		return err
	}
	for _, name := range by {
		if !t.May(name, Provenance) {
			return fmt.Errorf("by names %.60q, who may not sign provenance; list it under roles.provenance, or mend the name", name)
		}
	}
	t.builders = append(t.builders, trustedBuilder{pattern, level, by})
	return nil
}

// idle returns who may sign nothing.
func (t Trust) idle() []string {
	return slices.DeleteFunc(t.names(), func(name string) bool {
		return slices.ContainsFunc(Roles(), func(role Role) bool { return t.May(name, role) })
	})
}

func (t *Trust) newName(name string) error {
	if slices.Contains(t.names(), name) {
		return errors.New("the name is there already; give each a name of its own")
	}
	return nil
}

// names returns the names of all keys and identities.
func (t Trust) names() []string {
	var names []string
	for _, k := range t.keys {
		names = append(names, k.name)
	}
	for _, i := range t.identities {
		names = append(names, i.name)
	}
	return names
}

// compareIdentities is the order in which signers are listed.
func compareIdentities(a, b Identity) int {
	return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.KeyID, b.KeyID),
		strings.Compare(a.Issuer, b.Issuer), strings.Compare(a.Subject, b.Subject))
}
