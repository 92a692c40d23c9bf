package ecosystem

// Versions that are numbers and nothing else are ordered number by number, and fewer are before
// more: 1.0 is before 1.0.0 (Hackage: Cabal, Distribution.Types.Version; R: numeric_version).
const (
	numbersEnd = iota + 1
	numbersNext
)

// appendHackageKey returns the key, or why there is none. Cabal refuses leading zeros, but for
// old packages; here they do not count.
func appendHackageKey(dst []byte, version string) (key []byte, reason string) {
	return appendNumbersKey(dst, version, ".")
}

// appendCRANKey returns the key, or why there is none. To R, a hyphen is a dot.
func appendCRANKey(dst []byte, version string) (key []byte, reason string) {
	return appendNumbersKey(dst, version, ".-")
}

func appendNumbersKey(dst []byte, version, separators string) (key []byte, reason string) {
	key = dst
	for {
		digits, rest := cutDigits(version)
		if digits == "" {
			return dst, "it is not made of numbers"
		}
		key = appendNumber(append(key, numbersNext), digits)
		if rest == "" {
			return append(key, numbersEnd), ""
		}
		if !isOneOf(rest[0], separators) {
			return dst, "it is not made of numbers"
		}
		version = rest[1:]
	}
}
