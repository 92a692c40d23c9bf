package ecosystem

import "strings"

// How a number stands in a key. Numbers of any length occur (dates run together, git revision
// counts), and nearly all are small, so a small one is one byte: its value. A larger one is its
// length, counted up from lengthBase, and its bytes, most significant first. One that does not
// fit 64 bits is longNumber, the count of its decimal digits in two bytes, and the digits.
const (
	lengthBase = 0xef // lengthBase+1 ... lengthBase+8: that many bytes follow
	longNumber = lengthBase + 9
)

// appendNumber appends the key of a number written in decimal digits; leading zeros do not
// count, and no digits are zero.
func appendNumber(dst []byte, digits string) []byte {
	for digits != "" && digits[0] == '0' {
		digits = digits[1:]
	}
	// 19 digits always fit 64 bits, 20 need not.
	if len(digits) > 19 {
		dst = append(dst, longNumber, byte(len(digits)>>8), byte(len(digits)))
		return append(dst, digits...)
	}
	var value uint64
	for i := range len(digits) {
		value = value*10 + uint64(digits[i]-'0')
	}
	if value <= lengthBase {
		return append(dst, byte(value))
	}
	length := 1
	for value>>(8*length) != 0 && length < 8 {
		length++
	}
	dst = append(dst, byte(lengthBase+length))
	for i := length - 1; i >= 0; i-- {
		dst = append(dst, byte(value>>(8*i)))
	}
	return dst
}

// cutDigits splits s after its leading decimal digits.
func cutDigits(s string) (digits, rest string) {
	i := 0
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	return s[:i], s[i:]
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isLower(c byte) bool { return 'a' <= c && c <= 'z' }

func isLetter(c byte) bool { return isLower(c | 0x20) }

// isOneOf tells whether c is among the characters.
func isOneOf(c byte, characters string) bool { return strings.IndexByte(characters, c) >= 0 }

// isPrintableASCII tells whether s is made of ASCII characters that can be seen.
func isPrintableASCII(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// appendLower appends ASCII text in lower case.
func appendLower(dst []byte, s string) []byte {
	for i := range len(s) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		dst = append(dst, c)
	}
	return dst
}
