package record

import (
	"encoding/binary"
	"errors"
)

// The encoding: a version byte, a flag byte, the packages, the gaps. A list is its length and
// its members, a text its length and its bytes, a sum eight bytes, low ones first; lengths are
// uvarints. The packages are in the order of Compare, so that two versions of a database can be
// compared side by side.
const (
	encodingVersion = 2
	flagAgain       = 1
	flagComplete    = 1
	flagGuessed     = 1
)

// ErrEncoding reports that the data is not what Encode writes.
var ErrEncoding = errors.New("an extractor's stored result is damaged: remove the cache folder and scan again")

// Encode returns the encoding of c, whose packages and sums it sorts.
func (c Contents) Encode() []byte {
	c.sorted()
	var flags byte
	if c.Again {
		flags = flagAgain
	}
	b := []byte{encodingVersion, flags}
	b = binary.AppendUvarint(b, uint64(len(c.Packages)))
	for _, p := range c.Packages {
		b = p.append(b)
	}
	b = binary.AppendUvarint(b, uint64(len(c.Gaps)))
	for _, g := range c.Gaps {
		b = appendText(appendText(b, g.Code), g.Why)
		if g.Complete {
			b = append(b, flagComplete)
		} else {
			b = append(b, 0)
		}
	}
	return b
}

func (p Package) append(b []byte) []byte {
	texts := [...]string{p.Name, p.Version, p.Arch, p.SourceName, p.SourceVersion, p.Module, p.Vendor, p.Inside}
	for _, text := range texts {
		b = appendText(b, text)
	}
	var flags byte
	if p.Guessed {
		flags = flagGuessed
	}
	b = append(b, flags)
	b = binary.AppendUvarint(b, uint64(len(p.Licenses)))
	for _, license := range p.Licenses {
		b = appendText(b, license)
	}
	b = binary.AppendUvarint(b, uint64(len(p.Owns)))
	for _, sum := range p.Owns {
		b = binary.LittleEndian.AppendUint64(b, uint64(sum))
	}
	return b
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// WantsAgain tells whether data is the encoding of a Contents with Again set.
func WantsAgain(data []byte) bool {
	return len(data) >= 2 && data[0] == encodingVersion && data[1]&flagAgain != 0
}

// Decode reads what Encode wrote. Its memory is bounded by a multiple of len(data).
func Decode(data []byte) (Contents, error) {
	var c Contents
	_, err := c.decode(data, nil)
	return c, err
}

// decode fills c, using the packages' memory again if there is enough.
func (c *Contents) decode(data []byte, packages []Package) ([]Package, error) {
	d := decoder{rest: string(data)}
	if version := d.byte(); version != encodingVersion {
		return packages, ErrEncoding
	}
	c.Again = d.byte()&flagAgain != 0
	const smallestPackage, smallestGap = 11, 3
	n := d.count(smallestPackage)
	if cap(packages) < n {
		packages = make([]Package, 0, n)
	}
	packages = packages[:0]
	for range n {
		packages = append(packages, d.pkg())
	}
	c.Packages = packages
	for range d.count(smallestGap) {
		c.Gaps = append(c.Gaps, Gap{Code: d.text(), Why: d.text(), Complete: d.byte()&flagComplete != 0})
	}
	if d.failed || d.rest != "" {
		return packages, ErrEncoding
	}
	return packages, nil
}

// decoder reads from the front of rest. After a failure it returns zero values.
type decoder struct {
	rest   string
	failed bool
}

func (d *decoder) fail() { d.rest, d.failed = "", true }

func (d *decoder) byte() byte {
	if d.rest == "" {
		d.fail()
		return 0
	}
	b := d.rest[0]
	d.rest = d.rest[1:]
	return b
}

func (d *decoder) uvarint() uint64 {
	var n uint64
	for shift := 0; shift < 63; shift += 7 {
		b := d.byte()
		n |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return n
		}
	}
	d.fail()
	return 0
}

// count reads a list's length; smallest is the fewest bytes that a member takes.
func (d *decoder) count(smallest int) int {
	n := d.uvarint()
	if n > uint64(len(d.rest)/smallest) {
		d.fail()
		return 0
	}
	return int(n)
}

func (d *decoder) pkg() Package {
	p := Package{Name: d.text(), Version: d.text(), Arch: d.text(), SourceName: d.text(), SourceVersion: d.text(),
		Module: d.text(), Vendor: d.text(), Inside: d.text(), Guessed: d.byte()&flagGuessed != 0}
	for range d.count(1) {
		p.Licenses = append(p.Licenses, d.text())
	}
	const sumSize = 8
	if n := d.count(sumSize); n > 0 {
		p.Owns = make([]PathSum, n)
		for i := range p.Owns {
			p.Owns[i] = PathSum(binary.LittleEndian.Uint64([]byte(d.rest[:sumSize])))
			d.rest = d.rest[sumSize:]
		}
	}
	return p
}

func (d *decoder) text() string {
	n := d.uvarint()
	if n > uint64(len(d.rest)) {
		d.fail()
		return ""
	}
	text := d.rest[:n]
	d.rest = d.rest[n:]
	return text
}
