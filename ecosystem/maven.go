package ecosystem

import "strings"

// The key of a Maven version is a tag for each of its items, with the item's value, and an end for
// each list that they stand in (Maven 4, org.apache.maven.artifact.versioning.ComparableVersion;
// maven.apache.org/pom.html, "Version Order Specification").
//
// Maven cuts a version at dots, hyphens, and where digits and letters meet. A hyphen, and a word
// after a number, open a list in the list, which is never closed before the version ends:
// 1.0-rc1.2 is [1, [rc1, 2]]. A word and the digits after it are one item. Zeros are dropped
// before a word and at the end. Items are compared in turn; what is missing is as good as zero or
// "final". A list that starts with a word compares as that word, one that starts with a number is
// before all numbers. So 1-alpha < 1-rc1 < 1-SNAPSHOT < 1 = 1.0 = 1.Final < 1-sp < 1-jre < 1-1 <
// 1.1.
const (
	mavenAlpha = iota + 1
	mavenBeta
	mavenMilestone
	mavenRC
	mavenSnapshot
	// "ga", "final" and "release" are as good as the end, so what follows them decides.
	mavenFinalBefore
	mavenEnd
	mavenFinalAfter
	mavenSP
	mavenWord
	mavenListOfNumber
	mavenNumber
)

// What stands between a word and the items after it.
const (
	mavenNoDigits = iota + 1
	mavenDigits
)

// mavenWordEnd ends a word in a key; it is before every character.
const mavenWordEnd = 0x00

// ordinaryMavenItems holds the items of all versions in OSV's data without growing.
const ordinaryMavenItems = 24

// mavenItem is a number, or a word with the digits after it.
type mavenItem struct {
	word   string // empty if the item is a number
	digits string
	opens  bool // a list
}

// appendMavenKey returns the key, or why there is none. Maven takes whatever it is given; blanks
// and what is not ASCII are refused here, since their order would depend on Java's tables.
func appendMavenKey(dst []byte, version string) (key []byte, reason string) {
	if version == "" {
		return dst, "it is empty"
	}
	if !isPrintableASCII(version) {
		return dst, "it holds a character that is not printable ASCII"
	}
	var buffer [ordinaryMavenItems]mavenItem
	items := trimMaven(appendMavenItems(buffer[:0], version))
	open := 1
	for i, item := range items {
		if item.opens {
			open++
		}
		switch {
		case item.word == "" && item.opens:
			dst = appendNumber(append(dst, mavenListOfNumber), item.digits)
		case item.word == "":
			dst = appendNumber(append(dst, mavenNumber), item.digits)
		default:
			dst = appendMavenWord(dst, item, items[i+1:])
		}
	}
	for range open {
		dst = append(dst, mavenEnd)
	}
	return dst, ""
}

// appendMavenItems cuts a version up as parseVersion does. opens is what the next item will be
// told.
func appendMavenItems(items []mavenItem, s string) []mavenItem {
	opens := false
	for s != "" {
		item := mavenItem{opens: opens}
		if isDigit(s[0]) {
			item.digits, s = cutDigits(s)
			opens = s != "" && s[0] != '.' // a hyphen or a word
		} else {
			item.word, s = cutMavenWord(s)
			digits, after := cutDigits(strings.TrimPrefix(s, "-"))
			if item.word != "" && digits != "" {
				item.digits, s = digits, after
				item.opens, opens = len(items) > 0, s != "" && s[0] != '.'
			} else {
				// A word at the very end opens a list too: 1.0.X is 1.0-X.
				item.opens, opens = opens || item.word != "" && s == "" && len(items) > 0, s != "" && s[0] == '-'
			}
		}
		items = append(items, item)
		if s != "" && isOneOf(s[0], ".-") {
			s = s[1:]
		}
	}
	return items
}

// cutMavenWord cuts off everything up to a digit or a separator, which may be nothing: between
// two separators there is a zero.
func cutMavenWord(s string) (word, rest string) {
	i := 0
	for i < len(s) && !isDigit(s[i]) && !isOneOf(s[i], ".-") {
		i++
	}
	return s[:i], s[i:]
}

// trimMaven drops zeros before a word, and what is as good as nothing at the end. A word whose
// list has lost all before it stands in the list around it.
func trimMaven(items []mavenItem) []mavenItem {
	kept, zeros := items[:0], 0 // the last of kept are zeros
	for _, item := range items {
		if item.word != "" {
			for ; zeros > 0; zeros-- {
				dropped := kept[len(kept)-1]
				kept = kept[:len(kept)-1]
				item.opens = len(kept) > 0 && (item.opens || dropped.opens)
			}
		}
		kept = append(kept, item)
		if zeros++; item.word != "" || !isZero(item.digits) {
			zeros = 0
		}
	}
	kept = kept[:len(kept)-zeros]
	for len(kept) > 0 && kept[len(kept)-1].sign() == 0 {
		kept = kept[:len(kept)-1]
	}
	return kept
}

// isZero tells whether digits, or none, are the number zero.
func isZero(digits string) bool { return strings.Trim(digits, "0") == "" }

// sign tells whether the item is before nothing, as good as nothing, or after it.
func (i mavenItem) sign() int {
	tag := mavenWordTag(i)
	switch {
	case i.word != "" && tag < mavenFinalBefore:
		return -1
	case i.word != "" && tag > mavenFinalAfter, !isZero(i.digits):
		return 1
	}
	return 0
}

// appendMavenWord appends a word with its digits, and the end of the list that it would open if
// it did.
func appendMavenWord(dst []byte, item mavenItem, rest []mavenItem) []byte {
	tag := mavenWordTag(item)
	if tag == mavenEnd {
		tag = mavenFinalAfter
		if isZero(item.digits) && signOf(rest) < 0 {
			tag = mavenFinalBefore
		}
		dst = appendNumber(append(dst, tag), item.digits)
	} else {
		if dst = append(dst, tag); tag == mavenWord {
			dst = append(appendLower(dst, item.word), mavenWordEnd)
		}
		if item.digits == "" {
			dst = append(dst, mavenNoDigits)
		} else {
			dst = appendNumber(append(dst, mavenDigits), item.digits)
		}
	}
	if !item.opens {
		dst = append(dst, mavenEnd)
	}
	return dst
}

// signOf is the sign of the first item that has one.
func signOf(items []mavenItem) int {
	for _, item := range items {
		if sign := item.sign(); sign != 0 {
			return sign
		}
	}
	return 0
}

// mavenWordTag returns the tag of a word: mavenEnd for those that are as good as the end. a, b and
// m are short forms if digits follow.
func mavenWordTag(item mavenItem) byte {
	for _, known := range [...]struct {
		name string
		tag  byte
	}{{"alpha", mavenAlpha}, {"beta", mavenBeta}, {"milestone", mavenMilestone}, {"rc", mavenRC}, {"cr", mavenRC}, {"snapshot", mavenSnapshot},
		{"final", mavenEnd}, {"ga", mavenEnd}, {"release", mavenEnd}, {"sp", mavenSP}} {
		if strings.EqualFold(item.word, known.name) {
			return known.tag
		}
	}
	if len(item.word) == 1 && item.digits != "" {
		switch item.word[0] | 0x20 {
		case 'a':
			return mavenAlpha
		case 'b':
			return mavenBeta
		case 'm':
			return mavenMilestone
		}
	}
	return mavenWord
}
