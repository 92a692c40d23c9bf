package sigstore

import (
	"bytes"
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
	"net/url"
	"testing"
	"time"

	"github.com/digitorus/timestamp"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protodsse "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/sign"
	"github.com/sigstore/sigstore-go/pkg/testing/ca"
	"github.com/sigstore/sigstore-go/pkg/tlog"
	"google.golang.org/protobuf/encoding/protojson"

	"plimsoll.dev/plimsoll/evidence"
)

const (
	issuer  = "https://login.example"
	subject = "release@example.com"
)

// services are an instance of Sigstore, made for one test, relative to now. The first version of
// the transparency log is sigstore-go's own (VirtualSigstore). Certificates, timestamps and the
// second version are made here, since they must bear certificate timestamps and any time.
type services struct {
	now                 time.Time
	root, intermediate  *x509.Certificate
	rootKey, issuingKey *ecdsa.PrivateKey
	authority           *x509.Certificate // of timestamps
	authorityKey        *ecdsa.PrivateKey
	certificateLog      *ecdsa.PrivateKey // certificate transparency
	log                 *ca.VirtualSigstore
	logKey2             *ecdsa.PrivateKey // of the second version
}

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	return must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
}

// newServices makes an instance; change may alter its intermediate certificate.
func newServices(t testing.TB, change ...func(*x509.Certificate)) *services {
	t.Helper()
	s := &services{now: time.Now().UTC().Truncate(time.Second), rootKey: newKey(t), issuingKey: newKey(t),
		authorityKey: newKey(t), certificateLog: newKey(t), logKey2: newKey(t)}
	day := 24 * time.Hour
	s.root = s.certify(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "root"}, NotBefore: s.now.Add(-30 * day), NotAfter: s.now.Add(30 * day),
		KeyUsage: x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true,
	}, nil, s.rootKey, s.rootKey)
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: "intermediate"}, NotBefore: s.now.Add(-20 * day), NotAfter: s.now.Add(20 * day),
		KeyUsage: x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
	}
	for _, c := range change {
		c(template)
	}
	s.intermediate = s.certify(t, template, s.root, s.issuingKey, s.rootKey)
	use := must[[]byte](t)(asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}}))
	s.authority = s.certify(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "timestamps"}, NotBefore: s.now.Add(-20 * day), NotAfter: s.now.Add(20 * day),
		KeyUsage:        x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: use}},
	}, s.root, s.authorityKey, s.rootKey)
	s.log = must[*ca.VirtualSigstore](t)(ca.NewVirtualSigstore())
	return s
}

// certify issues a certificate; without a parent it is self-signed.
func (s *services) certify(t testing.TB, template, parent *x509.Certificate, key, by *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	if template.SerialNumber == nil {
		template.SerialNumber = must[*big.Int](t)(rand.Int(rand.Reader, big.NewInt(1<<60)))
	}
	if parent == nil {
		parent = template
	}
	der := must[[]byte](t)(x509.CreateCertificate(rand.Reader, template, parent, key.Public(), by))
	return must[*x509.Certificate](t)(x509.ParseCertificate(der))
}

func keyID(t testing.TB, key *ecdsa.PrivateKey) []byte {
	t.Helper()
	sum := sha256.Sum256(must[[]byte](t)(x509.MarshalPKIXPublicKey(key.Public())))
	return sum[:]
}

func (s *services) trustedRoot(t testing.TB) []byte {
	t.Helper()
	from, to := s.now.Add(-100*24*time.Hour), s.now.Add(100*24*time.Hour)
	log := func(address string, key crypto.PublicKey, id []byte) *root.TransparencyLog {
		return &root.TransparencyLog{BaseURL: address, ID: id, ValidityPeriodStart: from, ValidityPeriodEnd: to,
			HashFunc: crypto.SHA256, PublicKey: key, SignatureHashFunc: crypto.SHA256}
	}
	logs := map[string]*root.TransparencyLog{}
	for id, l := range s.log.RekorLogs() {
		logs[id] = log(l.BaseURL, l.PublicKey, must[[]byte](t)(hex.DecodeString(id)))
	}
	second := keyID(t, s.logKey2)
	logs[hex.EncodeToString(second)] = log("https://log2.example", s.logKey2.Public(), second)
	seen := keyID(t, s.certificateLog)
	document := must[*root.TrustedRoot](t)(root.NewTrustedRoot(root.TrustedRootMediaType01,
		[]root.CertificateAuthority{&root.FulcioCertificateAuthority{Root: s.root, Intermediates: []*x509.Certificate{s.intermediate},
			ValidityPeriodStart: from, ValidityPeriodEnd: to, URI: "https://fulcio.example"}},
		map[string]*root.TransparencyLog{hex.EncodeToString(seen): log("https://ct.example", s.certificateLog.Public(), seen)},
		[]root.TimestampingAuthority{&root.SigstoreTimestampingAuthority{Root: s.root, Leaf: s.authority,
			ValidityPeriodStart: from, ValidityPeriodEnd: to, URI: "https://tsa.example"}},
		logs))
	return must[[]byte](t)(document.MarshalJSON())
}

// leaf is a certificate of ten minutes, five before and five after a time.
func (s *services) leaf(t testing.TB, key *ecdsa.PrivateKey, at time.Time, change ...func(*x509.Certificate)) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{
		EmailAddresses: []string{subject}, NotBefore: at.Add(-5 * time.Minute), NotAfter: at.Add(5 * time.Minute),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 1}, Value: []byte(issuer)}},
	}
	for _, c := range change {
		c(template)
	}
	before := s.certify(t, template, s.intermediate, key, s.issuingKey)
	template.ExtraExtensions = append(template.ExtraExtensions, s.certificateTimestamp(t, before, at))
	return s.certify(t, template, s.intermediate, key, s.issuingKey)
}

// certificateTimestamp is the extension with which a certificate transparency log says that it has
// seen the certificate (RFC 6962, sections 3.2 and 3.3).
func (s *services) certificateTimestamp(t testing.TB, before *x509.Certificate, at time.Time) pkix.Extension {
	t.Helper()
	issuerKey := sha256.Sum256(s.intermediate.RawSubjectPublicKeyInfo)
	when := binary.BigEndian.AppendUint64(nil, uint64(at.UnixMilli()))
	signed := append([]byte{0, 0}, when...) // v1, certificate timestamp
	signed = append(signed, 0, 1)           // of a precertificate
	signed = append(signed, issuerKey[:]...)
	size := binary.BigEndian.AppendUint32(nil, uint32(len(before.RawTBSCertificate)))
	signed = append(append(signed, size[1:]...), before.RawTBSCertificate...)
	signed = append(signed, 0, 0) // no extensions
	sum := sha256.Sum256(signed)
	signature := must[[]byte](t)(ecdsa.SignASN1(rand.Reader, s.certificateLog, sum[:]))
	one := append([]byte{0}, keyID(t, s.certificateLog)...)
	one = append(append(one, when...), 0, 0, 4, 3) // no extensions; SHA-256, ECDSA
	one = append(binary.BigEndian.AppendUint16(one, uint16(len(signature))), signature...)
	list := append(binary.BigEndian.AppendUint16(nil, uint16(len(one)+2)), binary.BigEndian.AppendUint16(nil, uint16(len(one)))...)
	return pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}, Value: must[[]byte](t)(asn1.Marshal(append(list, one...)))}
}

// timestamp is an RFC 3161 timestamp of a message's hash.
func (s *services) timestamp(t testing.TB, hash []byte, at time.Time) []byte {
	t.Helper()
	response := timestamp.Timestamp{HashAlgorithm: crypto.SHA256, HashedMessage: hash, Time: at,
		Policy: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 2}, SerialNumber: big.NewInt(7), AddTSACertificate: true}
	return must[[]byte](t)(response.CreateResponseWithOpts(s.authority, s.authorityKey, crypto.SHA256))
}

func (s *services) addTimestamp(t testing.TB, b *protobundle.Bundle, at time.Time) {
	t.Helper()
	sum := sha256.Sum256(signatureOf(b))
	m := b.VerificationMaterial
	if m.TimestampVerificationData == nil {
		m.TimestampVerificationData = &protobundle.TimestampVerificationData{}
	}
	m.TimestampVerificationData.Rfc3161Timestamps = append(m.TimestampVerificationData.Rfc3161Timestamps,
		&protocommon.RFC3161SignedTimestamp{SignedTimestamp: s.timestamp(t, sum[:], at)})
}

func signatureOf(b *protobundle.Bundle) []byte {
	if e := b.GetDsseEnvelope(); e != nil {
		return e.Signatures[0].Sig
	}
	return b.GetMessageSignature().Signature
}

func leafText(b *protobundle.Bundle) []byte {
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
	text := base64.StdEncoding.EncodeToString(leafText(b))
	signature := base64.StdEncoding.EncodeToString(signatureOf(b))
	if e := b.GetDsseEnvelope(); e != nil {
		return "dsse", must[[]byte](t)(json.Marshal(map[string]any{"apiVersion": "0.0.1", "kind": "dsse", "spec": map[string]any{
			"envelopeHash": hash(must[[]byte](t)(protojson.Marshal(e))), "payloadHash": hash(e.Payload),
			"signatures": []any{map[string]any{"signature": signature, "verifier": text}},
		}}))
	}
	return "hashedrekord", must[[]byte](t)(json.Marshal(map[string]any{"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": map[string]any{
		"data":      map[string]any{"hash": map[string]any{"algorithm": "sha256", "value": hex.EncodeToString(b.GetMessageSignature().MessageDigest.Digest)}},
		"signature": map[string]any{"content": signature, "publicKey": map[string]any{"content": text}},
	}}))
}

// logged is the entry that the first version of the log makes of a bundle.
func (s *services) logged(t testing.TB, b *protobundle.Bundle, at time.Time) *protorekor.TransparencyLogEntry {
	t.Helper()
	kind, body := entryBody(t, b)
	id := must[string](t)(s.log.RekorLogID())
	promise := must[[]byte](t)(s.log.RekorSignPayload(tlog.RekorPayload{Body: base64.StdEncoding.EncodeToString(body), IntegratedTime: at.Unix(), LogID: id}))
	e := &protorekor.TransparencyLogEntry{
		LogId: &protocommon.LogId{}, IntegratedTime: at.Unix(),
		KindVersion:      &protorekor.KindVersion{Kind: kind, Version: "0.0.1"},
		InclusionPromise: &protorekor.InclusionPromise{SignedEntryTimestamp: promise}, CanonicalizedBody: body,
	}
	s.provedByFirst(t, e)
	return e
}

// logged2 is the entry that the second version of the log makes of a bundle.
func (s *services) logged2(t testing.TB, b *protobundle.Bundle) *protorekor.TransparencyLogEntry {
	t.Helper()
	block, _ := pem.Decode(leafText(b))
	message := b.GetMessageSignature().GetMessageDigest().GetDigest()
	if e := b.GetDsseEnvelope(); e != nil {
		sum := sha256.Sum256((&sign.DSSEData{Data: e.Payload, PayloadType: e.PayloadType}).PreAuthEncoding())
		message = sum[:]
	}
	return s.entry2(t, "log2.example", message, signatureOf(b), block.Bytes)
}

func (s *services) entry2(t testing.TB, origin string, message, signature, certificate []byte) *protorekor.TransparencyLogEntry {
	t.Helper()
	body := must[[]byte](t)(json.Marshal(map[string]any{"apiVersion": "0.0.2", "kind": "hashedrekord", "spec": map[string]any{
		"hashedRekordV002": map[string]any{
			"data": map[string]any{"algorithm": "SHA2_256", "digest": message},
			"signature": map[string]any{"content": signature, "verifier": map[string]any{
				"keyDetails": "PKIX_ECDSA_P256_SHA_256", "x509Certificate": map[string]any{"rawBytes": certificate}}},
		}}}))
	leaf := sha256.Sum256(append([]byte{0}, body...)) // RFC 6962, section 2.1: the root of a tree of one
	id := keyID(t, s.logKey2)
	text := fmt.Sprintf("%s\n1\n%s\n", origin, base64.StdEncoding.EncodeToString(leaf[:]))
	sum := sha256.Sum256([]byte(text))
	note := append(append([]byte{}, id[:4]...), must[[]byte](t)(ecdsa.SignASN1(rand.Reader, s.logKey2, sum[:]))...)
	checkpoint := fmt.Sprintf("%s\n— %s %s\n", text, origin, base64.StdEncoding.EncodeToString(note))
	return &protorekor.TransparencyLogEntry{
		LogId: &protocommon.LogId{KeyId: id}, KindVersion: &protorekor.KindVersion{Kind: "hashedrekord", Version: "0.0.2"}, CanonicalizedBody: body,
		InclusionProof: &protorekor.InclusionProof{TreeSize: 1, RootHash: leaf[:], Checkpoint: &protorekor.Checkpoint{Envelope: checkpoint}},
	}
}

// provedByFirst puts an entry into the tree of the first version of the log, whatever it is.
func (s *services) provedByFirst(t testing.TB, e *protorekor.TransparencyLogEntry) {
	t.Helper()
	proof, err := s.log.GetInclusionProof(e.CanonicalizedBody)
	if err != nil {
		t.Fatal(err)
	}
	e.LogId.KeyId = must[[]byte](t)(hex.DecodeString(must[string](t)(s.log.RekorLogID())))
	e.InclusionProof = &protorekor.InclusionProof{TreeSize: *proof.TreeSize, RootHash: must[[]byte](t)(hex.DecodeString(*proof.RootHash)),
		Checkpoint: &protorekor.Checkpoint{Envelope: *proof.Checkpoint}}
}

// statement is an in-toto statement about content of a name.
func statement(name, predicateType string) []byte {
	sum := sha256.Sum256([]byte(name))
	return fmt.Appendf(nil, `{"_type":%q,"subject":[{"name":%q,"digest":{"sha256":"%x"}}],"predicateType":%q,"predicate":{"of":%q}}`,
		evidence.StatementType, name, sum, predicateType, name)
}

// signed is a bundle of a statement without proof of when; proofs are added by the test.
func (s *services) signed(t testing.TB, payload []byte, at time.Time, change ...func(*x509.Certificate)) *protobundle.Bundle {
	t.Helper()
	key := newKey(t)
	data := &sign.DSSEData{Data: payload, PayloadType: evidence.PayloadType}
	sum := sha256.Sum256(data.PreAuthEncoding())
	signature := must[[]byte](t)(ecdsa.SignASN1(rand.Reader, key, sum[:]))
	return &protobundle.Bundle{
		MediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
		VerificationMaterial: &protobundle.VerificationMaterial{Content: &protobundle.VerificationMaterial_Certificate{
			Certificate: &protocommon.X509Certificate{RawBytes: s.leaf(t, key, at, change...).Raw}}},
		Content: &protobundle.Bundle_DsseEnvelope{DsseEnvelope: &protodsse.Envelope{Payload: payload, PayloadType: evidence.PayloadType,
			Signatures: []*protodsse.Signature{{Sig: signature}}}},
	}
}

// signedFile is a bundle that signs a message it does not hold.
func (s *services) signedFile(t testing.TB, message []byte, at time.Time) *protobundle.Bundle {
	t.Helper()
	key := newKey(t)
	sum := sha256.Sum256(message)
	b := s.signed(t, nil, at)
	b.VerificationMaterial.Content = &protobundle.VerificationMaterial_Certificate{Certificate: &protocommon.X509Certificate{RawBytes: s.leaf(t, key, at).Raw}}
	b.Content = &protobundle.Bundle_MessageSignature{MessageSignature: &protocommon.MessageSignature{
		MessageDigest: &protocommon.HashOutput{Algorithm: protocommon.HashAlgorithm_SHA2_256, Digest: sum[:]},
		Signature:     must[[]byte](t)(ecdsa.SignASN1(rand.Reader, key, sum[:]))}}
	return b
}

// chained puts a bundle's certificate into a chain, as versions 0.1 and 0.2 have it.
func chained(b *protobundle.Bundle, more ...[]byte) {
	chain := &protocommon.X509CertificateChain{Certificates: []*protocommon.X509Certificate{{RawBytes: b.VerificationMaterial.GetCertificate().RawBytes}}}
	for _, der := range more {
		chain.Certificates = append(chain.Certificates, &protocommon.X509Certificate{RawBytes: der})
	}
	b.VerificationMaterial.Content = &protobundle.VerificationMaterial_X509CertificateChain{X509CertificateChain: chain}
}

func encode(t testing.TB, b *protobundle.Bundle) []byte {
	t.Helper()
	return must[[]byte](t)(protojson.Marshal(b))
}

func releases() []Identity {
	return []Identity{{Name: "releases", Issuer: issuer, Subject: subject}}
}

func (s *services) verifier(t testing.TB, change ...func(*Options)) *Verifier {
	t.Helper()
	o := Options{TrustedRoot: s.trustedRoot(t), Identities: releases(), Timestamps: 1}
	for _, c := range change {
		c(&o)
	}
	return must[*Verifier](t)(New(o))
}

func withName(address string) func(*x509.Certificate) {
	return func(c *x509.Certificate) { c.EmailAddresses = []string{address} }
}

func withURI(t testing.TB, address string) func(*x509.Certificate) {
	u := must[*url.URL](t)(url.Parse(address))
	return func(c *x509.Certificate) { c.EmailAddresses, c.URIs = nil, []*url.URL{u} }
}

func twice(document []byte, member string) []byte {
	return bytes.Replace(document, []byte("{"), []byte("{"+member+","), 1)
}
