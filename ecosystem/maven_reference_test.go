package ecosystem

import (
	"cmp"
	"slices"
	"strings"
)

// refMaven compares along Maven 4's own walk: lists in lists, compared item by item.
func refMaven(a, b string) int { return refMavenCompare(parseRefMaven(a), parseRefMaven(b)) }

// refMavenItem is a number, a word, a word with digits, or a list.
type refMavenItem struct {
	kind   byte // 'n', 'w', 'c' or 'l'
	word   string
	digits string
	list   []*refMavenItem
}

// parseRefMaven follows ComparableVersion.parseVersion, character by character.
func parseRefMaven(version string) *refMavenItem {
	version = strings.ToLower(version)
	root := &refMavenItem{kind: 'l'}
	list, stack := root, []*refMavenItem{root}
	push := func() {
		inner := &refMavenItem{kind: 'l'}
		list.list = append(list.list, inner)
		list, stack = inner, append(stack, inner)
	}
	number, combined, start := false, false, 0
	add := func(text string) {
		item := &refMavenItem{kind: 'w', word: text}
		switch {
		case combined:
			text = strings.ReplaceAll(text, "-", "")
			i := strings.IndexAny(text, "0123456789")
			item = &refMavenItem{kind: 'c', word: text[:i], digits: text[i:]}
			if long, short := map[string]string{"a": "alpha", "b": "beta", "m": "milestone"}[item.word]; short {
				item.word = long
			}
		case number:
			item = &refMavenItem{kind: 'n', digits: text}
		}
		list.list = append(list.list, item)
	}
	zero := func() { list.list = append(list.list, &refMavenItem{kind: 'n'}) }
	for i := range len(version) {
		switch c := version[i]; {
		case c == '.':
			if i == start {
				zero()
			} else {
				add(version[start:i])
			}
			combined, start = false, i+1
		case c == '-':
			if i == start {
				zero()
			} else {
				if !number && i != len(version)-1 && isDigit(version[i+1]) {
					combined = true
					continue
				}
				add(version[start:i])
			}
			start = i + 1
			push()
			combined = false
		case isDigit(c):
			if !number && i > start {
				combined = true
				if len(list.list) > 0 {
					push()
				}
			}
			number = true
		default:
			if number && i > start {
				add(version[start:i])
				start = i
				push()
				combined = false
			}
			number = false
		}
	}
	if len(version) > start {
		if !number && len(list.list) > 0 {
			push()
		}
		add(version[start:])
	}
	for _, inner := range slices.Backward(stack) {
		inner.normalize()
	}
	return root
}

func (l *refMavenItem) normalize() {
	for i := len(l.list) - 1; i >= 0; i-- {
		item := l.list[i]
		if !(item.kind == 'n' && strings.Trim(item.digits, "0") == "" || item.kind == 'l' && len(item.list) == 0) {
			continue
		}
		next := byte(0)
		if i < len(l.list)-1 {
			if next = l.list[i+1].kind; next == 'l' {
				next = l.list[i+1].list[0].kind
			}
		}
		if next == 0 || next == 'w' || next == 'c' {
			l.list = slices.Delete(l.list, i, i+1)
		}
	}
	if len(l.list) == 1 && l.list[0].kind == 'l' {
		l.list = l.list[0].list
	}
}

// refMavenRank is comparableQualifier; the empty qualifier's is 5.
func refMavenRank(word string) (int, string) {
	ranks := map[string]int{"alpha": 0, "beta": 1, "milestone": 2, "rc": 3, "cr": 3, "snapshot": 4, "ga": 5, "final": 5, "release": 5, "sp": 6}
	if rank, known := ranks[word]; known {
		return rank, ""
	}
	return 7, word
}

func refMavenWords(a, b string) int {
	rankA, restA := refMavenRank(a)
	rankB, restB := refMavenRank(b)
	return cmp.Or(cmp.Compare(rankA, rankB), strings.Compare(restA, restB))
}

// refMavenCompare compares two items; nil is what is missing.
func refMavenCompare(a, b *refMavenItem) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -refMavenCompare(b, nil)
	case b == nil:
		return refMavenSign(a)
	case a.kind == 'l' && b.kind == 'l':
		for i := range max(len(a.list), len(b.list)) {
			var x, y *refMavenItem
			if i < len(a.list) {
				x = a.list[i]
			}
			if i < len(b.list) {
				y = b.list[i]
			}
			if c := refMavenCompare(x, y); c != 0 {
				return c
			}
		}
		return 0
	case a.kind == 'n' && b.kind == 'n':
		return refNumber(a.digits, b.digits)
	case a.kind == 'n':
		return 1
	case b.kind == 'n':
		return -1
	case b.kind == 'l':
		return -refMavenCompare(b, a)
	case a.kind == 'l':
		return refMavenListAndWord(a, b)
	}
	if c := refMavenWords(a.word, b.word); c != 0 {
		return c
	}
	if rank, _ := refMavenRank(a.word); rank == 5 || a.kind == 'c' && b.kind == 'c' {
		return refNumber(a.digits, b.digits)
	}
	return cmp.Compare(a.kind, b.kind) * -1 // 'w' is before 'c': X < X1
}

// refMavenListAndWord compares a list's first item, and the others with nothing.
func refMavenListAndWord(list, word *refMavenItem) int {
	c := refMavenCompare(list.list[0], word)
	for _, item := range list.list[1:] {
		c = cmp.Or(c, refMavenSign(item))
	}
	return c
}

func refMavenSign(item *refMavenItem) int {
	switch item.kind {
	case 'n':
		return refNumber(item.digits, "0")
	case 'l':
		for _, inner := range item.list {
			if c := refMavenSign(inner); c != 0 {
				return c
			}
		}
		return 0
	}
	if c := refMavenWords(item.word, "final"); c != 0 {
		return c
	}
	return refNumber(item.digits, "0")
}
