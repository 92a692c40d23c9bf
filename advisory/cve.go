package advisory

import (
	"cmp"
	"strconv"
	"strings"
)

// CVE is a CVE identifier, such as CVE-2024-3094. The zero CVE is none.
//
// The sequence number has at least four digits and no upper bound (cve.org, "CVE ID Syntax");
// ten digits are far beyond any in use, so 32 bits hold it.
type CVE struct {
	Year   uint16
	Number uint32
}

// ParseCVE reads an identifier in its only spelling: upper case, a year of four digits, and a
// number filled with zeros to four digits and no further.
func ParseCVE(s string) (CVE, bool) {
	rest, ok := strings.CutPrefix(s, "CVE-")
	if !ok || len(rest) < len("1999-0001") || rest[4] != '-' {
		return CVE{}, false
	}
	year, err := strconv.ParseUint(rest[:4], 10, 16)
	if err != nil || year < 1000 {
		return CVE{}, false
	}
	digits := rest[5:]
	if len(digits) > 4 && digits[0] == '0' {
		return CVE{}, false
	}
	number, err := strconv.ParseUint(digits, 10, 32)
	if err != nil {
		return CVE{}, false
	}
	return CVE{Year: uint16(year), Number: uint32(number)}, true
}

// String returns the identifier.
func (c CVE) String() string {
	var buffer [len("CVE-65535-4294967295")]byte
	text := appendFilled(append(buffer[:0], "CVE-"...), uint64(c.Year))
	return string(appendFilled(append(text, '-'), uint64(c.Number)))
}

// appendFilled appends a number, filled with zeros to four digits.
func appendFilled(dst []byte, n uint64) []byte {
	for bound := uint64(1000); bound > 1 && n < bound; bound /= 10 {
		dst = append(dst, '0')
	}
	return strconv.AppendUint(dst, n, 10)
}

// Compare orders by year, then by number.
func (c CVE) Compare(other CVE) int {
	return cmp.Or(cmp.Compare(c.Year, other.Year), cmp.Compare(c.Number, other.Number))
}
