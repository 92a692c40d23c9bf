package keyless

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"

	"plimsoll.dev/plimsoll/evidence/sigstore"
	"plimsoll.dev/plimsoll/internal/strictjson"
)

// MaxConfig is the largest signing config in bytes: 1 MiB. The public instance's has 2,000.
const MaxConfig = 1 << 20

// Services are those that confirm a signature.
type Services struct {
	// Fulcio is the address of the certificate authority; the token goes there and nowhere else.
	Fulcio string
	// TimestampAuthorities are the addresses of RFC 3161 services, each with its path.
	TimestampAuthorities []string
	Logs                 []Log
}

// Log is a transparency log.
type Log struct {
	Address string
	Version int // of Rekor: 1, or 2, which confirms no time and so needs a timestamp authority beside it
}

// ReadServices returns the services that a signing config names for a time (media type
// application/vnd.dev.sigstore.signingconfig.v0.2+json): of each kind as many as it asks for, of the
// newest version that is spoken here. Identity providers in it are passed over.
func ReadServices(document []byte, now time.Time) (Services, error) {
	services, err := readServices(document, now)
	if err != nil {
		return Services{}, fmt.Errorf("reading the signing config: %w", err)
	}
	return services, nil
}

func readServices(document []byte, now time.Time) (Services, error) {
	if len(document) > MaxConfig {
		return Services{}, fmt.Errorf("it has %d bytes, more than the %d that are read", len(document), MaxConfig)
	}
	const depth, objects = 16, 1000
	if err := strictjson.Check(document, strictjson.Limits{Depth: depth, Objects: objects}); err != nil {
		return Services{}, err
	}
	message, err := root.NewSigningConfigProtobuf(document)
	if err != nil {
		return Services{}, fmt.Errorf("%.500s", err) // it repeats what it does not understand
	}
	config, err := root.NewSigningConfigFromProtobuf(message)
	if err != nil {
		return Services{}, fmt.Errorf("%.500s", err)
	}
	var services Services
	authority, err := root.SelectService(config.FulcioCertificateAuthorityURLs(), []uint32{1}, now)
	if err != nil {
		return Services{}, fmt.Errorf("caUrls: %w", err)
	}
	services.Fulcio = authority.URL
	// sigstore-go follows the selectors without looking whether they are there.
	if named := config.TimestampAuthorityURLs(); len(named) > 0 && message.GetTsaConfig() != nil {
		chosen, err := root.SelectServices(named, config.TimestampAuthorityURLsConfig(), []uint32{1}, now)
		if err != nil {
			return Services{}, fmt.Errorf("tsaUrls: %w", err)
		}
		for _, one := range chosen {
			services.TimestampAuthorities = append(services.TimestampAuthorities, one.URL)
		}
	}
	if named := config.RekorLogURLs(); len(named) > 0 && message.GetRekorTlogConfig() != nil {
		chosen, err := root.SelectServices(named, config.RekorLogURLsConfig(), []uint32{1, 2}, now)
		if err != nil {
			return Services{}, fmt.Errorf("rekorTlogUrls: %w", err)
		}
		for _, one := range chosen {
			services.Logs = append(services.Logs, Log{one.URL, int(one.MajorAPIVersion)})
		}
	}
	return services, services.check()
}

// check refuses services that could prove nothing, or that a token or a statement may not be sent to.
func (s Services) check() error {
	addresses := append([]string{s.Fulcio}, s.TimestampAuthorities...)
	for _, log := range s.Logs {
		switch {
		case log.Version != 1 && log.Version != 2:
			return fmt.Errorf("the transparency log is of version %d; want 1 or 2", log.Version)
		case log.Version == 2 && len(s.TimestampAuthorities) == 0:
			return errors.New("a transparency log of version 2 confirms no time: name a timestamp authority too")
		}
		addresses = append(addresses, log.Address)
	}
	switch {
	case s.Fulcio == "":
		return errors.New("no certificate authority (Fulcio) is named")
	case len(s.TimestampAuthorities)+len(s.Logs) == 0:
		return errors.New("neither a timestamp authority nor a transparency log is named: nothing would prove when it was signed")
	case len(s.TimestampAuthorities) > sigstore.MaxTimestamps || len(s.Logs) > sigstore.MaxLogEntries:
		return fmt.Errorf("%d timestamp authorities and %d transparency logs are named; a bundle has at most %d and %d",
			len(s.TimestampAuthorities), len(s.Logs), sigstore.MaxTimestamps, sigstore.MaxLogEntries)
	}
	for _, address := range addresses {
		if err := checkAddress(address); err != nil {
			return err
		}
	}
	return nil
}

// checkAgainst refuses services whose word nobody will ask for, or that leave out what is asked for:
// whoever verifies with a trusted root wants what it names (sigstore.ForTrust).
func (s Services) checkAgainst(material root.TrustedMaterial) error {
	logs, authorities := len(material.RekorLogs()), len(material.TimestampingAuthorities())
	switch {
	case logs > 0 && len(s.Logs) == 0:
		return errors.New("the trusted root names a transparency log, and who verifies will want an entry in it: name the log's address (Rekor) too")
	case logs == 0 && len(s.Logs) > 0:
		return errors.New("the trusted root names no transparency log, so nobody could verify an entry in one: name none, or add it to the root")
	case authorities == 0 && len(s.TimestampAuthorities) > 0:
		return errors.New("the trusted root names no timestamp authority, so nobody could verify a timestamp: name none, or add it to the root")
	}
	return nil
}

// checkAddress wants https, since a token is the power to sign; on this machine http will do.
func checkAddress(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return fmt.Errorf("%.200q is no address of a service; want https://…", address)
	}
	local := u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback()
	switch {
	case u.User != nil:
		return fmt.Errorf("the address of %s has credentials in it; leave them out", u.Host)
	case u.Scheme != "https" && (u.Scheme != "http" || !local):
		return fmt.Errorf("the address of %s is not https", u.Host)
	}
	return nil
}
