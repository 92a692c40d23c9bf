package evidence

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"plimsoll.dev/plimsoll/evidence/dsse"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/verdict"
)

// The ways in which evidence is refused; test with errors.Is. An error of another kind (it could
// not be read, it is too large) is a refusal as well: there is no verified result beside an error.
var (
	// ErrNoTrust: nobody said whom to believe.
	ErrNoTrust = errors.New("there is no trust: say whom to believe in a trust document")
	// ErrAbsent: there is none, good or bad.
	ErrAbsent = errors.New("there is no evidence")
	// ErrStranger: nobody whom the trust names signed it.
	ErrStranger = errors.New("nobody whom the trust names signed it")
	// ErrRole: whoever signed it may not sign such things, or was not asked for.
	ErrRole = errors.New("whoever signed it may not sign this")
	// ErrSubject: it is about something else.
	ErrSubject = errors.New("it is about something else")
	// ErrPredicate: it says something else than what was asked for.
	ErrPredicate = errors.New("it says something else")
	// ErrStale: it is too old, or does not say how old it is.
	ErrStale = errors.New("it is too old")
	// ErrFuture: it was made later than now; a clock is wrong.
	ErrFuture = errors.New("it is from the future")
	// ErrTooMuch: it was not looked at, since there was too much to check before it.
	ErrTooMuch = errors.New("it was not looked at")
)

// Limits and tolerances of verification.
const (
	// MaxBundles is the most bundles of one file that are looked at.
	MaxBundles = 1024
	// maxChecks bounds the signature checks of one call, or of all calls of a bounded verifier: at
	// some 100 µs each, two seconds.
	maxChecks = 20_000
	// skew is by how much the clocks of signer and reader may differ.
	skew = 5 * time.Minute
)

// Want is what the evidence must be. All of it must hold.
type Want struct {
	// Subject is the content that it must be about.
	Subject image.Digest
	// Repository is the name under which the content is wanted. A verdict needs it: policies are
	// scoped by name, and the same content under another name has another verdict. Other
	// predicates are about content alone, and it is not looked at.
	Repository string
	// PredicateTypes are those that are accepted, at least one.
	PredicateTypes []string
	// Role is what the signer must be trusted with. It may be empty for predicates that RoleOf
	// knows, and cannot differ from what it says.
	Role Role
	// Names are whose signatures count; empty for all whom the trust gives the role.
	Names []string
	// Now is the time at which keys, certificates and verdicts must be valid.
	Now time.Time
	// MaxAge is how old it may be, by what it says itself and by the time of its signature if
	// that is known; 0 for any age. A verdict's own end of validity holds besides.
	MaxAge time.Duration
	// Ended accepts verdicts past their own end of validity, for who looks back. No gate sets it.
	Ended bool
}

// BundleVerifier verifies bundles with certificates; package evidence/sigstore has one. It answers
// for the signature, the certificate's chain and its time; whether the signer is one whom the
// trust names is not its business.
type BundleVerifier interface {
	VerifyBundle(ctx context.Context, bundle []byte, now time.Time) (payloadType string, payload []byte, signer Identity, signedAt time.Time, err error)
}

// Verifier verifies evidence against a trust. Only NewVerifier makes one; the zero Verifier
// refuses everything.
type Verifier struct {
	trust Trust
	keys  []dsse.Key
	more  []BundleVerifier
	left  *atomic.Int64 // checks of signatures, in all calls together; nil if each call has its own
}

// NewVerifier verifies bundles of keys by itself, and those with certificates with what is given.
func NewVerifier(trust Trust, more ...BundleVerifier) (*Verifier, error) {
	if trust.IsZero() {
		return nil, ErrNoTrust
	}
	if slices.Contains(more, nil) {
		return nil, errors.New("a verifier of certificates is nil")
	}
	return &Verifier{trust: trust, keys: trust.keyList(), more: slices.Clone(more)}, nil
}

// Bounded returns a verifier whose calls together check as many signatures as one call of another
// may. What is beyond that is refused with ErrTooMuch: who verifies all that lies beside an image
// takes a bounded verifier, or anybody who may attach can have them work for as long as they like;
// and takes what was not looked at for unknown.
func (v *Verifier) Bounded() *Verifier {
	if v == nil {
		return nil
	}
	bounded := *v
	bounded.left = new(atomic.Int64)
	bounded.left.Store(maxChecks)
	return &bounded
}

// checks returns how many signatures may still be checked.
func (v *Verifier) checks() int {
	if v == nil || v.left == nil {
		return maxChecks
	}
	return int(max(0, v.left.Load()))
}

// spend notes what was done, if anything was: see verify.
func (v *Verifier) spend(cost, left int) {
	if v != nil && v.left != nil && cost <= left {
		v.left.Add(-int64(cost))
	}
}

// tooMuch is the error of what would take more checks than are left.
func tooMuch() error {
	return fmt.Errorf("%w: with it, more than %d signatures would be checked; remove what does not belong there", ErrTooMuch, maxChecks)
}

// signed is a payload whose signature was verified, and by whom it is.
type signed struct {
	payloadType string
	payload     []byte
	signers     []Identity // without names
	at          time.Time
}

// Verify verifies one bundle: a Sigstore bundle, or a DSSE envelope alone. The layout of the
// result is for its finder to fill in.
func (v *Verifier) Verify(ctx context.Context, bundle []byte, want Want) (Verified, error) {
	left := v.checks()
	result, cost, err := v.verify(ctx, bundle, want, left)
	v.spend(cost, left)
	if err != nil {
		return Verified{}, fmt.Errorf("verifying evidence for %s: %w", want.Subject, err)
	}
	return result, nil
}

// verify also returns how many signature checks it took. With more than are left it does nothing.
func (v *Verifier) verify(ctx context.Context, data []byte, want Want, left int) (Verified, int, error) {
	if v == nil || v.trust.IsZero() {
		return Verified{}, 0, ErrNoTrust
	}
	if err := want.check(); err != nil {
		return Verified{}, 0, err
	}
	if err := ctx.Err(); err != nil {
		return Verified{}, 0, err
	}
	b, err := parseBundle(data)
	if err != nil {
		return Verified{}, 0, err
	}
	cost := v.cost(b.envelope)
	if cost > left {
		return Verified{}, cost, tooMuch()
	}
	var s signed
	if b.keyed {
		s, err = v.verifyKeyed(b.envelope, want.Now)
	} else {
		s, err = v.verifyCertified(ctx, data, want.Now)
	}
	if err != nil {
		return Verified{}, cost, err
	}
	result, err := v.accept(s, want)
	if err != nil {
		return Verified{}, cost, err
	}
	result.Digest = image.DigestOf(data)
	return result, cost, nil
}

// cost is how many checks an envelope takes: one for a signature with the id of a key that is
// trusted, else one for each key. A bundle with a certificate counts as one.
func (v *Verifier) cost(e dsse.Envelope) int {
	cost := 0
	for _, s := range e.Signatures {
		if slices.ContainsFunc(v.keys, func(k dsse.Key) bool { return k.ID() == s.KeyID }) {
			cost++
		} else {
			cost += len(v.keys)
		}
	}
	return max(1, cost)
}

func (v *Verifier) verifyKeyed(e dsse.Envelope, now time.Time) (signed, error) {
	keys, err := dsse.Verify(e, PayloadType, v.keys, now)
	if errors.Is(err, dsse.ErrUnsigned) {
		err = fmt.Errorf("%w: %w", ErrStranger, err)
	}
	if err != nil {
		return signed{}, err
	}
	s := signed{payloadType: e.PayloadType, payload: e.Payload}
	for _, key := range keys {
		s.signers = append(s.signers, Identity{KeyID: key.ID()})
	}
	return s, nil
}

func (v *Verifier) verifyCertified(ctx context.Context, data []byte, now time.Time) (signed, error) {
	switch {
	case !v.trust.HasIdentities():
		return signed{}, fmt.Errorf("%w: it has a certificate, and the trust names keys only", ErrStranger)
	case len(v.more) == 0:
		return signed{}, errors.New("it has a certificate, and nothing here verifies certificates; give the trust document a root")
	}
	var errs []error
	for _, verifier := range v.more {
		payloadType, payload, signer, at, err := verifier.VerifyBundle(ctx, data, now)
		switch {
		case err != nil:
			errs = append(errs, err)
		case at.IsZero():
			errs = append(errs, errors.New("a certificate counts for minutes, and nothing proves when it was used"))
		default:
			certificate := Identity{Issuer: signer.Issuer, Subject: signer.Subject}
			return signed{payloadType, payload, []Identity{certificate}, at}, nil
		}
	}
	return signed{}, errors.Join(errs...)
}

// accept holds what was verified against what is wanted.
func (v *Verifier) accept(s signed, want Want) (Verified, error) {
	if s.payloadType != PayloadType {
		return Verified{}, fmt.Errorf("%w: %.80q, want %s", dsse.ErrPayloadType, s.payloadType, PayloadType)
	}
	statement, err := ParseStatement(s.payload)
	if err != nil {
		return Verified{}, err
	}
	if !slices.Contains(want.PredicateTypes, statement.PredicateType) {
		return Verified{}, fmt.Errorf("%w: its predicate is a %.80q, want %.200q", ErrPredicate, statement.PredicateType, want.PredicateTypes)
	}
	if !statement.About(want.Subject) {
		return Verified{}, fmt.Errorf("%w: %s is not among its subjects", ErrSubject, want.Subject)
	}
	role, err := want.roleFor(statement.PredicateType)
	if err != nil {
		return Verified{}, err
	}
	signers, err := v.entitled(s.signers, role, want.Names)
	if err != nil {
		return Verified{}, err
	}
	stated, says, err := want.checkPredicate(statement)
	if err == nil {
		err = want.checkAge(stated, says, s.at)
	}
	if err != nil {
		return Verified{}, err
	}
	return Verified{Statement: statement, Signers: signers, SignedAt: s.at}, nil
}

// entitled returns those of the signers who may sign for a role, under their names: each once, by
// the first of their names that may.
func (v *Verifier) entitled(signers []Identity, role Role, only []string) ([]Identity, error) {
	var entitled []Identity
	var known []string
	for _, signer := range signers {
		names := v.trust.Identify(signer)
		known = append(known, names...)
		for _, name := range names {
			if v.trust.May(name, role) && (len(only) == 0 || slices.Contains(only, name)) {
				signer.Name = name
				entitled = append(entitled, signer)
				break
			}
		}
	}
	switch {
	case len(entitled) > 0:
		slices.SortFunc(entitled, compareIdentities)
		return entitled, nil
	case len(known) > 0 && len(only) > 0:
		return nil, fmt.Errorf("%w: %.120q signed it; want one of %.200q who may sign %s", ErrRole, known, only, role)
	case len(known) > 0:
		return nil, fmt.Errorf("%w: the trust does not list %.120q under roles.%s", ErrRole, known, role)
	default:
		return nil, fmt.Errorf("%w: it is signed by %.120q of %.120q", ErrStranger, signers[0].Subject, signers[0].Issuer)
	}
}

func (w Want) check() error {
	switch {
	case w.Subject.IsZero():
		return errors.New("no digest was given that it must be about")
	case len(w.PredicateTypes) == 0:
		return errors.New("no predicate type was given that it must have")
	case w.Now.IsZero():
		return errors.New("no time was given at which it must be valid")
	case w.MaxAge < 0:
		return fmt.Errorf("the greatest age is %s", w.MaxAge)
	case w.Role != "" && !slices.Contains(Roles(), w.Role):
		return fmt.Errorf("there is no role %.40q", w.Role)
	}
	for _, predicateType := range w.PredicateTypes {
		if _, err := w.roleFor(predicateType); err != nil {
			return err
		}
		if predicateType == VerdictType && w.Repository == "" {
			return errors.New("a verdict is about content under a name; say under which repository it is wanted")
		}
	}
	return nil
}

// roleFor returns the role that the signer of a predicate must have.
func (w Want) roleFor(predicateType string) (Role, error) {
	role, known := RoleOf(predicateType)
	switch {
	case !known && w.Role == "":
		return "", fmt.Errorf("the predicate %.80q is not known here; say which role its signer must have", predicateType)
	case !known:
		return w.Role, nil
	case w.Role != "" && w.Role != role:
		return "", fmt.Errorf("the predicate %.80q is signed by whoever may sign %s, not %s", predicateType, role, w.Role)
	}
	return role, nil
}

// checkPredicate holds a verdict against what is wanted, and returns when a predicate says that it
// was made.
func (w Want) checkPredicate(s Statement) (stated time.Time, says bool, err error) {
	if s.PredicateType != VerdictType {
		return s.StatedTime()
	}
	v, err := VerdictOf(s)
	if err == nil {
		err = w.checkVerdict(v)
	}
	if err != nil {
		return time.Time{}, false, err
	}
	stated, err = time.Parse(time.RFC3339, v.EvaluatedAt)
	return stated, true, err
}

func (w Want) checkVerdict(v verdict.Verdict) error {
	if repository := v.Inputs.Subject.Repository; repository != w.Repository {
		return fmt.Errorf("%w: it is about %.120q, and the same content under the name %.120q may have another verdict", ErrSubject, repository, w.Repository)
	}
	if w.Ended {
		return nil
	}
	return stillValid(v, w.Now)
}

// stillValid refuses a verdict past the end that it states.
func stillValid(v verdict.Verdict, now time.Time) error {
	if v.ValidUntil == "" {
		return nil
	}
	until, err := time.Parse(time.RFC3339, v.ValidUntil)
	if err != nil {
		return err
	}
	if now.After(until) {
		return fmt.Errorf("%w: the verdict was valid until %s; evaluate the image again", ErrStale, v.ValidUntil)
	}
	return nil
}

// checkAge takes the oldest of the times that are known: a scan of last year does not become
// fresh by being signed today.
func (w Want) checkAge(stated time.Time, says bool, signedAt time.Time) error {
	oldest := signedAt
	if says && (oldest.IsZero() || stated.Before(oldest)) {
		oldest = stated
	}
	for _, when := range []time.Time{stated, signedAt} {
		if when.After(w.Now.Add(skew)) {
			return fmt.Errorf("%w: it says %s; compare the clocks", ErrFuture, when.UTC().Format(time.RFC3339))
		}
	}
	switch {
	case w.MaxAge == 0:
		return nil
	case oldest.IsZero():
		return fmt.Errorf("%w: it does not say when it was made, and at most %s is asked for", ErrStale, w.MaxAge)
	case w.Now.Sub(oldest) > w.MaxAge:
		return fmt.Errorf("%w: it is from %s, more than %s ago", ErrStale, oldest.UTC().Format(time.RFC3339), w.MaxAge)
	}
	return nil
}
