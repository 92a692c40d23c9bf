package rpm

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"

	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// readManifest reads a list of packages in text, one a line, as Azure Linux writes two of them
// (its toolkit's docs/formats/imageconfig.md calls them container manifests). The first holds
// what rpm -qa says:
//
//	bash-5.1.8-4.cm2.x86_64
//
// The second what rpm -qa --qf says, with tabs between name, version-release, time of
// installation, time of build, vendor, epoch, size, architecture, epoch as a number and source:
//
//	bash	5.1.8-4.cm2	1700000000	1690000000	Microsoft Corporation	(none)	8192	x86_64	0	bash-5.1.8-4.cm2.src.rpm
func (c *collector) readManifest(r io.Reader) error {
	number := uint64(0)
	var limit error
	err := record.EachLine(r, func(line []byte, truncated bool) {
		number++
		if len(bytes.TrimSpace(line)) == 0 || limit != nil {
			return
		}
		p, err := parseLine(string(line))
		switch {
		case err != nil || truncated:
			c.malformed.Add("line %d is not a package as rpm writes it", number)
		case p.Name != keyName:
			_, limit = c.add(p)
		}
	}, func([]byte) {})
	return errors.Join(err, limit)
}

var errLine = errors.New("not a package")

func parseLine(line string) (record.Package, error) {
	fields := strings.Split(line, "\t")
	if len(fields) == 1 {
		return parseShort(line)
	}
	const number = 10
	if len(fields) != number {
		return record.Package{}, errLine
	}
	name, version, vendor, arch, source := fields[0], fields[1], fields[4], fields[7], fields[9]
	epoch, err := strconv.ParseUint(fields[8], 10, 32)
	before, release, _ := strings.Cut(version, "-")
	if err != nil || !record.IsWord([]byte(name)) || !isVersion([]byte(before)) || !isVersion([]byte(release)) {
		return record.Package{}, errLine
	}
	p := record.Package{Name: name, Version: evr(uint32(epoch), version), Arch: given(arch), Vendor: words([]byte(given(vendor)))}
	if p.Arch != "" && !record.IsWord([]byte(arch)) {
		return p, errLine
	}
	p.SourceName, p.SourceVersion = sourceOf(source, uint32(epoch))
	return p, nil
}

// parseShort reads name-version-release.architecture. The epoch is not told: versions of the few
// packages that have one compare wrongly, so that all are marked as guessed.
func parseShort(line string) (record.Package, error) {
	dot := strings.LastIndexByte(line, '.')
	if dot < 0 {
		dot = len(line)
	}
	name, version := cutRelease(line[:dot])
	p := record.Package{Name: name, Version: version, Guessed: true}
	if dot < len(line) {
		p.Arch = given(line[dot+1:])
	}
	if name == "" || !record.IsWord([]byte(line)) {
		return p, errLine
	}
	return p, nil
}

// given is a value, empty where rpm writes that there is none.
func given(value string) string {
	if value == "(none)" {
		return ""
	}
	return value
}
