package ecosystem

import "bytes"

// appendPyPILegacy appends the key of a version as setuptools ordered them before PEP 440: cut
// into letters, numbers and what stands between, with "final" at the end, each compared as text;
// a number is padded to eight digits, words have a star before them (setuptools 8,
// pkg_resources, parse_version; packaging 21, version.py, LegacyVersion).
func appendPyPILegacy(dst []byte, s string) []byte {
	start := len(dst)
	for s != "" {
		var part string
		if part, s = cutPyPILegacy(s); part != "." {
			dst = appendPyPILegacyPart(dst, start, part)
		}
	}
	return append(appendPyPILegacyPart(dst, start, "final"), pypiWordEnd)
}

// cutPyPILegacy cuts off the next part.
func cutPyPILegacy(s string) (part, rest string) {
	i := 1
	switch {
	case isDigit(s[0]):
		return cutDigits(s)
	case isLetter(s[0]):
		for i < len(s) && isLetter(s[i]) {
			i++
		}
	case !isOneOf(s[0], ".-"):
		for i < len(s) && !isDigit(s[i]) && !isLetter(s[i]) && !isOneOf(s[i], ".-") {
			i++
		}
	}
	return s[:i], s[i:]
}

// appendPyPILegacyPart appends a part. Before a word the zeros are dropped, and before one that
// is earlier than the final release the hyphens too.
func appendPyPILegacyPart(dst []byte, start int, part string) []byte {
	const digits = 8
	if isDigit(part[0]) {
		for range digits - len(part) {
			dst = append(dst, '0')
		}
		return append(append(dst, part...), pypiWordEnd)
	}
	at := len(dst)
	dst = appendPyPILegacyWord(append(dst, '*'), part)
	word := dst[at:]
	kept := dst[:at]
	if string(word) < "*final" {
		kept = trimParts(kept, start, "*final-\x00")
	}
	kept = trimParts(kept, start, "00000000\x00")
	return append(append(kept, word...), pypiWordEnd)
}

func appendPyPILegacyWord(dst []byte, part string) []byte {
	at := len(dst)
	dst = appendLower(dst, part)
	switch string(dst[at:]) {
	case "pre", "preview", "rc":
		return append(dst[:at], 'c')
	case "-":
		return append(dst[:at], "final-"...)
	case "dev":
		return append(dst[:at], '@')
	}
	return dst
}

// trimParts drops a part from the end of key as often as it is there; key[start:] is made of
// parts, each with its end.
func trimParts(key []byte, start int, part string) []byte {
	for {
		rest, found := bytes.CutSuffix(key, []byte(part))
		if !found || len(rest) < start || len(rest) > start && rest[len(rest)-1] != pypiWordEnd {
			return key
		}
		key = rest
	}
}
