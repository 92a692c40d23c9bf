// Package sigstoretest is an instance of Sigstore for tests, as httptest is a server for tests: a
// certificate authority, a certificate transparency log, a timestamp authority and both versions of
// the transparency log, with keys of their own, made relative to now, in memory and over HTTP on
// this machine. No command imports it (internal/invariants).
package sigstoretest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/digitorus/timestamp"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protodsse "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/testing/ca"
	"github.com/sigstore/sigstore-go/pkg/tlog"
	"google.golang.org/protobuf/encoding/protojson"

	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/evidence/dsse"
)

// Who signs: the identity provider's address, and the subject that it knows.
const (
	Issuer  = "https://login.example"
	Subject = "release@example.com"
)

// Instance is an instance of Sigstore, made for one test, relative to now. The first version of
// the transparency log is sigstore-go's own (VirtualSigstore). Certificates, timestamps and the
// second version are made here, since they must bear certificate timestamps and any time.
type Instance struct {
	Now            time.Time
	Intermediate   *x509.Certificate
	CertificateLog *ecdsa.PrivateKey // certificate transparency

	root                *x509.Certificate
	rootKey, issuingKey *ecdsa.PrivateKey
	authority           *x509.Certificate // of timestamps
	authorityKey        *ecdsa.PrivateKey
	log                 *ca.VirtualSigstore
	logKey2             *ecdsa.PrivateKey // of the second version
}

// Must returns the first of two results, and ends the test if the second is an error.
func Must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// NewKey makes a key on P-256.
func NewKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	return Must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
}

// New makes an instance; change may alter its intermediate certificate.
func New(t testing.TB, change ...func(*x509.Certificate)) *Instance {
	t.Helper()
	s := &Instance{Now: time.Now().UTC().Truncate(time.Second), rootKey: NewKey(t), issuingKey: NewKey(t),
		authorityKey: NewKey(t), CertificateLog: NewKey(t), logKey2: NewKey(t)}
	day := 24 * time.Hour
	s.root = s.certify(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "root"}, NotBefore: s.Now.Add(-30 * day), NotAfter: s.Now.Add(30 * day),
		KeyUsage: x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true,
	}, nil, s.rootKey, s.rootKey)
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: "intermediate"}, NotBefore: s.Now.Add(-20 * day), NotAfter: s.Now.Add(20 * day),
		KeyUsage: x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
	}
	for _, c := range change {
		c(template)
	}
	s.Intermediate = s.certify(t, template, s.root, s.issuingKey, s.rootKey)
	use := Must[[]byte](t)(asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}}))
	s.authority = s.certify(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "timestamps"}, NotBefore: s.Now.Add(-20 * day), NotAfter: s.Now.Add(20 * day),
		KeyUsage:        x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: use}},
	}, s.root, s.authorityKey, s.rootKey)
	s.log = Must[*ca.VirtualSigstore](t)(ca.NewVirtualSigstore())
	return s
}

// certify issues a certificate; without a parent it is self-signed.
func (s *Instance) certify(t testing.TB, template, parent *x509.Certificate, key, by *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	if template.SerialNumber == nil {
		template.SerialNumber = Must[*big.Int](t)(rand.Int(rand.Reader, big.NewInt(1<<60)))
	}
	if parent == nil {
		parent = template
	}
	der := Must[[]byte](t)(x509.CreateCertificate(rand.Reader, template, parent, key.Public(), by))
	return Must[*x509.Certificate](t)(x509.ParseCertificate(der))
}

// KeyID is the SHA-256 of the public key, by which logs are known.
func KeyID(t testing.TB, key *ecdsa.PrivateKey) []byte {
	t.Helper()
	sum := sha256.Sum256(Must[[]byte](t)(x509.MarshalPKIXPublicKey(key.Public())))
	return sum[:]
}

// The parts that a trusted root may leave out.
const (
	Logs            = "transparency logs"
	Authorities     = "timestamp authorities"
	CertificateLogs = "certificate transparency logs"
)

// TrustedRoot is the document that names all of it, or all but some parts.
func (s *Instance) TrustedRoot(t testing.TB, without ...string) []byte {
	t.Helper()
	from, to := s.Now.Add(-100*24*time.Hour), s.Now.Add(100*24*time.Hour)
	log := func(address string, key crypto.PublicKey, id []byte) *root.TransparencyLog {
		return &root.TransparencyLog{BaseURL: address, ID: id, ValidityPeriodStart: from, ValidityPeriodEnd: to,
			HashFunc: crypto.SHA256, PublicKey: key, SignatureHashFunc: crypto.SHA256}
	}
	logs := map[string]*root.TransparencyLog{}
	if !slices.Contains(without, Logs) {
		for id, l := range s.log.RekorLogs() {
			logs[id] = log(l.BaseURL, l.PublicKey, Must[[]byte](t)(hex.DecodeString(id)))
		}
		second := KeyID(t, s.logKey2)
		logs[hex.EncodeToString(second)] = log("https://log2.example", s.logKey2.Public(), second)
	}
	seen := map[string]*root.TransparencyLog{}
	if !slices.Contains(without, CertificateLogs) {
		id := KeyID(t, s.CertificateLog)
		seen[hex.EncodeToString(id)] = log("https://ct.example", s.CertificateLog.Public(), id)
	}
	var authorities []root.TimestampingAuthority
	if !slices.Contains(without, Authorities) {
		authorities = append(authorities, &root.SigstoreTimestampingAuthority{Root: s.root, Leaf: s.authority,
			ValidityPeriodStart: from, ValidityPeriodEnd: to, URI: "https://tsa.example"})
	}
	document := Must[*root.TrustedRoot](t)(root.NewTrustedRoot(root.TrustedRootMediaType01,
		[]root.CertificateAuthority{&root.FulcioCertificateAuthority{Root: s.root, Intermediates: []*x509.Certificate{s.Intermediate},
			ValidityPeriodStart: from, ValidityPeriodEnd: to, URI: "https://fulcio.example"}}, seen, authorities, logs))
	return Must[[]byte](t)(document.MarshalJSON())
}

// Leaf is a certificate of ten minutes, five before and five after a time.
func (s *Instance) Leaf(t testing.TB, key *ecdsa.PrivateKey, at time.Time, change ...func(*x509.Certificate)) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{
		EmailAddresses: []string{Subject}, NotBefore: at.Add(-5 * time.Minute), NotAfter: at.Add(5 * time.Minute),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 1}, Value: []byte(Issuer)}},
	}
	for _, c := range change {
		c(template)
	}
	before := s.certify(t, template, s.Intermediate, key, s.issuingKey)
	template.ExtraExtensions = append(template.ExtraExtensions, s.certificateTimestamp(t, before, at))
	return s.certify(t, template, s.Intermediate, key, s.issuingKey)
}

// certificateTimestamp is the extension with which a certificate transparency log says that it has
// seen the certificate (RFC 6962, sections 3.2 and 3.3).
func (s *Instance) certificateTimestamp(t testing.TB, before *x509.Certificate, at time.Time) pkix.Extension {
	t.Helper()
	issuerKey := sha256.Sum256(s.Intermediate.RawSubjectPublicKeyInfo)
	when := binary.BigEndian.AppendUint64(nil, uint64(at.UnixMilli()))
	signed := append([]byte{0, 0}, when...) // v1, certificate timestamp
	signed = append(signed, 0, 1)           // of a precertificate
	signed = append(signed, issuerKey[:]...)
	size := binary.BigEndian.AppendUint32(nil, uint32(len(before.RawTBSCertificate)))
	signed = append(append(signed, size[1:]...), before.RawTBSCertificate...)
	signed = append(signed, 0, 0) // no extensions
	sum := sha256.Sum256(signed)
	signature := Must[[]byte](t)(ecdsa.SignASN1(rand.Reader, s.CertificateLog, sum[:]))
	one := append([]byte{0}, KeyID(t, s.CertificateLog)...)
	one = append(append(one, when...), 0, 0, 4, 3) // no extensions; SHA-256, ECDSA
	one = append(binary.BigEndian.AppendUint16(one, uint16(len(signature))), signature...)
	list := append(binary.BigEndian.AppendUint16(nil, uint16(len(one)+2)), binary.BigEndian.AppendUint16(nil, uint16(len(one)))...)
	return pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}, Value: Must[[]byte](t)(asn1.Marshal(append(list, one...)))}
}

// Timestamp is an RFC 3161 timestamp of a message's hash.
func (s *Instance) Timestamp(t testing.TB, hash []byte, at time.Time) []byte {
	t.Helper()
	response := timestamp.Timestamp{HashAlgorithm: crypto.SHA256, HashedMessage: hash, Time: at,
		Policy: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 2}, SerialNumber: big.NewInt(7), AddTSACertificate: true}
	return Must[[]byte](t)(response.CreateResponseWithOpts(s.authority, s.authorityKey, crypto.SHA256))
}

// AddTimestamp adds one of the signature to a bundle.
func (s *Instance) AddTimestamp(t testing.TB, b *protobundle.Bundle, at time.Time) {
	t.Helper()
	sum := sha256.Sum256(SignatureOf(b))
	m := b.VerificationMaterial
	if m.TimestampVerificationData == nil {
		m.TimestampVerificationData = &protobundle.TimestampVerificationData{}
	}
	m.TimestampVerificationData.Rfc3161Timestamps = append(m.TimestampVerificationData.Rfc3161Timestamps,
		&protocommon.RFC3161SignedTimestamp{SignedTimestamp: s.Timestamp(t, sum[:], at)})
}

// SignatureOf is the one signature of a bundle.
func SignatureOf(b *protobundle.Bundle) []byte {
	if e := b.GetDsseEnvelope(); e != nil {
		return e.Signatures[0].Sig
	}
	return b.GetMessageSignature().Signature
}

// LeafText is the certificate of a bundle in PEM.
func LeafText(b *protobundle.Bundle) []byte {
	der := b.VerificationMaterial.GetCertificate().GetRawBytes()
	if chain := b.VerificationMaterial.GetX509CertificateChain(); chain != nil {
		der = chain.Certificates[0].RawBytes
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// entryBody is the body of an entry of the first version of the log.
func entryBody(t testing.TB, b *protobundle.Bundle) (kind string, body []byte) {
	t.Helper()
	hash := func(content []byte) map[string]any {
		sum := sha256.Sum256(content)
		return map[string]any{"algorithm": "sha256", "value": hex.EncodeToString(sum[:])}
	}
	text := base64.StdEncoding.EncodeToString(LeafText(b))
	signature := base64.StdEncoding.EncodeToString(SignatureOf(b))
	if e := b.GetDsseEnvelope(); e != nil {
		return "dsse", Must[[]byte](t)(json.Marshal(map[string]any{"apiVersion": "0.0.1", "kind": "dsse", "spec": map[string]any{
			"envelopeHash": hash(Must[[]byte](t)(protojson.Marshal(e))), "payloadHash": hash(e.Payload),
			"signatures": []any{map[string]any{"signature": signature, "verifier": text}},
		}}))
	}
	return "hashedrekord", Must[[]byte](t)(json.Marshal(map[string]any{"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": map[string]any{
		"data":      map[string]any{"hash": map[string]any{"algorithm": "sha256", "value": hex.EncodeToString(b.GetMessageSignature().MessageDigest.Digest)}},
		"signature": map[string]any{"content": signature, "publicKey": map[string]any{"content": text}},
	}}))
}

// Logged is the entry that the first version of the log makes of a bundle.
func (s *Instance) Logged(t testing.TB, b *protobundle.Bundle, at time.Time) *protorekor.TransparencyLogEntry {
	t.Helper()
	kind, body := entryBody(t, b)
	id := Must[string](t)(s.log.RekorLogID())
	promise := Must[[]byte](t)(s.log.RekorSignPayload(tlog.RekorPayload{Body: base64.StdEncoding.EncodeToString(body), IntegratedTime: at.Unix(), LogID: id}))
	e := &protorekor.TransparencyLogEntry{
		LogId: &protocommon.LogId{}, IntegratedTime: at.Unix(),
		KindVersion:      &protorekor.KindVersion{Kind: kind, Version: "0.0.1"},
		InclusionPromise: &protorekor.InclusionPromise{SignedEntryTimestamp: promise}, CanonicalizedBody: body,
	}
	s.ProvedByFirst(t, e)
	return e
}

// Logged2 is the entry that the second version of the log makes of a bundle.
func (s *Instance) Logged2(t testing.TB, b *protobundle.Bundle) *protorekor.TransparencyLogEntry {
	t.Helper()
	block, _ := pem.Decode(LeafText(b))
	message := b.GetMessageSignature().GetMessageDigest().GetDigest()
	if e := b.GetDsseEnvelope(); e != nil {
		sum := sha256.Sum256(dsse.PAE(e.PayloadType, e.Payload))
		message = sum[:]
	}
	return s.Entry2(t, "log2.example", message, SignatureOf(b), block.Bytes)
}

// Entry2 is an entry of the second version in a tree of one, signed under a name of the log.
func (s *Instance) Entry2(t testing.TB, origin string, message, signature, certificate []byte) *protorekor.TransparencyLogEntry {
	t.Helper()
	body := Must[[]byte](t)(json.Marshal(map[string]any{"apiVersion": "0.0.2", "kind": "hashedrekord", "spec": map[string]any{
		"hashedRekordV002": map[string]any{
			"data": map[string]any{"algorithm": "SHA2_256", "digest": message},
			"signature": map[string]any{"content": signature, "verifier": map[string]any{
				"keyDetails": "PKIX_ECDSA_P256_SHA_256", "x509Certificate": map[string]any{"rawBytes": certificate}}},
		}}}))
	leaf := sha256.Sum256(append([]byte{0}, body...)) // RFC 6962, section 2.1: the root of a tree of one
	id := KeyID(t, s.logKey2)
	text := fmt.Sprintf("%s\n1\n%s\n", origin, base64.StdEncoding.EncodeToString(leaf[:]))
	sum := sha256.Sum256([]byte(text))
	note := append(append([]byte{}, id[:4]...), Must[[]byte](t)(ecdsa.SignASN1(rand.Reader, s.logKey2, sum[:]))...)
	checkpoint := fmt.Sprintf("%s\n— %s %s\n", text, origin, base64.StdEncoding.EncodeToString(note))
	return &protorekor.TransparencyLogEntry{
		LogId: &protocommon.LogId{KeyId: id}, KindVersion: &protorekor.KindVersion{Kind: "hashedrekord", Version: "0.0.2"}, CanonicalizedBody: body,
		InclusionProof: &protorekor.InclusionProof{TreeSize: 1, RootHash: leaf[:], Checkpoint: &protorekor.Checkpoint{Envelope: checkpoint}},
	}
}

// ProvedByFirst puts an entry into the tree of the first version of the log, whatever it is.
func (s *Instance) ProvedByFirst(t testing.TB, e *protorekor.TransparencyLogEntry) {
	t.Helper()
	proof, err := s.log.GetInclusionProof(e.CanonicalizedBody)
	if err != nil {
		t.Fatal(err)
	}
	e.LogId.KeyId = Must[[]byte](t)(hex.DecodeString(Must[string](t)(s.log.RekorLogID())))
	e.InclusionProof = &protorekor.InclusionProof{TreeSize: *proof.TreeSize, RootHash: Must[[]byte](t)(hex.DecodeString(*proof.RootHash)),
		Checkpoint: &protorekor.Checkpoint{Envelope: *proof.Checkpoint}}
}

// Statement is an in-toto statement about content of a name.
func Statement(name, predicateType string) []byte {
	sum := sha256.Sum256([]byte(name))
	return fmt.Appendf(nil, `{"_type":%q,"subject":[{"name":%q,"digest":{"sha256":"%x"}}],"predicateType":%q,"predicate":{"of":%q}}`,
		evidence.StatementType, name, sum, predicateType, name)
}

// Signed is a bundle of a statement without proof of when; proofs are added by the test.
func (s *Instance) Signed(t testing.TB, payload []byte, at time.Time, change ...func(*x509.Certificate)) *protobundle.Bundle {
	t.Helper()
	key := NewKey(t)
	sum := sha256.Sum256(dsse.PAE(evidence.PayloadType, payload))
	signature := Must[[]byte](t)(ecdsa.SignASN1(rand.Reader, key, sum[:]))
	return &protobundle.Bundle{
		MediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
		VerificationMaterial: &protobundle.VerificationMaterial{Content: &protobundle.VerificationMaterial_Certificate{
			Certificate: &protocommon.X509Certificate{RawBytes: s.Leaf(t, key, at, change...).Raw}}},
		Content: &protobundle.Bundle_DsseEnvelope{DsseEnvelope: &protodsse.Envelope{Payload: payload, PayloadType: evidence.PayloadType,
			Signatures: []*protodsse.Signature{{Sig: signature}}}},
	}
}

// SignedFile is a bundle that signs a message it does not hold.
func (s *Instance) SignedFile(t testing.TB, message []byte, at time.Time) *protobundle.Bundle {
	t.Helper()
	key := NewKey(t)
	sum := sha256.Sum256(message)
	b := s.Signed(t, nil, at)
	b.VerificationMaterial.Content = &protobundle.VerificationMaterial_Certificate{Certificate: &protocommon.X509Certificate{RawBytes: s.Leaf(t, key, at).Raw}}
	b.Content = &protobundle.Bundle_MessageSignature{MessageSignature: &protocommon.MessageSignature{
		MessageDigest: &protocommon.HashOutput{Algorithm: protocommon.HashAlgorithm_SHA2_256, Digest: sum[:]},
		Signature:     Must[[]byte](t)(ecdsa.SignASN1(rand.Reader, key, sum[:]))}}
	return b
}

// Chained puts a bundle's certificate into a chain, as versions 0.1 and 0.2 have it.
func Chained(b *protobundle.Bundle, more ...[]byte) {
	chain := &protocommon.X509CertificateChain{Certificates: []*protocommon.X509Certificate{{RawBytes: b.VerificationMaterial.GetCertificate().RawBytes}}}
	for _, der := range more {
		chain.Certificates = append(chain.Certificates, &protocommon.X509Certificate{RawBytes: der})
	}
	b.VerificationMaterial.Content = &protobundle.VerificationMaterial_X509CertificateChain{X509CertificateChain: chain}
}

// Encode writes a bundle as JSON.
func Encode(t testing.TB, b *protobundle.Bundle) []byte {
	t.Helper()
	return Must[[]byte](t)(protojson.Marshal(b))
}
