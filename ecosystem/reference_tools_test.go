package ecosystem

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"
)

// refOpam compares as opam's manual tells a person to.
func refOpam(a, b string) int {
	_, upstreamA, revisionA := splitDeb(":" + a)
	_, upstreamB, revisionB := splitDeb(":" + b)
	return cmp.Or(refDebPart(upstreamA, upstreamB), refDebPart(revisionA, revisionB))
}

// refALPM follows alpm_pkg_vercmp. Both versions must have a release.
func refALPM(a, b string) int {
	split := func(version string) (epoch, upstream, release string) {
		if m := regexp.MustCompile(`^(\d*):(.*)$`).FindStringSubmatch(version); m != nil {
			epoch, version = m[1], m[2]
		}
		i := strings.LastIndex(version, "-")
		return epoch, version[:i], version[i+1:]
	}
	epochA, upstreamA, releaseA := split(a)
	epochB, upstreamB, releaseB := split(b)
	return cmp.Or(refNumber(epochA, epochB), refALPMPart(upstreamA, upstreamB), refALPMPart(releaseA, releaseB))
}

// refALPMPart is libalpm's rpmvercmp.
func refALPMPart(a, b string) int {
	const words = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	for a != "" && b != "" {
		separatorsA, separatorsB := strings.IndexAny(a+"0", words), strings.IndexAny(b+"0", words)
		a, b = a[separatorsA:], b[separatorsB:]
		if a == "" || b == "" {
			break
		}
		if separatorsA != separatorsB {
			return cmp.Compare(separatorsA, separatorsB)
		}
		run := strings.TrimLeft(words, "0123456789")
		if isDigit(a[0]) {
			run = "0123456789"
		}
		partA, partB := a[:len(a)-len(strings.TrimLeft(a, run))], b[:len(b)-len(strings.TrimLeft(b, run))]
		c := strings.Compare(partA, partB)
		switch {
		case partB == "" && isDigit(a[0]):
			return 1
		case partB == "":
			return -1
		case isDigit(a[0]):
			c = refNumber(partA, partB)
		}
		if c != 0 {
			return c
		}
		a, b = a[len(partA):], b[len(partB):]
	}
	switch {
	case a == "" && b == "":
		return 0
	case a == "" && !isLetter(b[0]), a != "" && isLetter(a[0]):
		return -1
	}
	return 1
}

// refFreeBSD follows pkg_version_cmp.
func refFreeBSD(a, b string) int {
	m := regexp.MustCompile(`^([^_,]*)(?:_(\d+))?(?:,(\d+))?$`)
	x, y := m.FindStringSubmatch(a), m.FindStringSubmatch(b)
	if c := refNumber(x[3], y[3]); c != 0 {
		return c
	}
	restA, restB := x[1], y[1]
	for restA != "" || restB != "" {
		var componentA, componentB [3]int
		blockedA, blockedB := restA == "" || restA[0] == '+', restB == "" || restB[0] == '+'
		if !blockedA {
			componentA, restA = refFreeBSDComponent(restA)
		}
		if !blockedB {
			componentB, restB = refFreeBSDComponent(restB)
		}
		if blockedA && blockedB {
			restA, restB = strings.TrimPrefix(restA, "+"), strings.TrimPrefix(restB, "+")
		}
		for i := range componentA {
			if c := cmp.Compare(componentA[i], componentB[i]); c != 0 {
				return c
			}
		}
	}
	return refNumber(x[2], y[2])
}

// refFreeBSDComponent is get_component: a number, a letter and a patch level.
func refFreeBSDComponent(s string) (component [3]int, rest string) {
	number := func() int {
		digits := leadingDigits(s)
		s = s[len(digits):]
		n, _ := strconv.Atoi(digits)
		return n
	}
	alone := !isDigit(s[0])
	switch {
	case !alone:
		component[0] = number()
	case s[0] == '*':
		component[0] = -2
		s = s[strings.IndexByte(s+"+", '+'):]
		alone = false
	default:
		component[0] = -1
	}
	if word := regexp.MustCompile(`^[a-zA-Z]+`).FindString(s); word != "" {
		stage := map[string]int{"pl": 0, "alpha": 1, "beta": 2, "pre": 16, "rc": 18}
		letter, special := stage[strings.ToLower(word)]
		if special && !alone {
			return component, s
		}
		if !special {
			letter = int(strings.ToLower(word)[0]-'a') + 1
		}
		s = s[len(word):]
		component[1], component[2] = letter, -1
		if s != "" && isDigit(s[0]) {
			component[2] = number()
		}
	}
	for s != "" && !isDigit(s[0]) && !isLetter(s[0]) && s[0] != '+' && s[0] != '*' {
		s = s[1:]
	}
	return component, s
}

// refConan follows Version.__lt__, but for items that mix digits and letters, which it orders by
// the number first.
func refConan(a, b string) int {
	split := func(version string) (main, pre, build string, hasPre, hasBuild bool) {
		if i := strings.LastIndex(version, "+"); i >= 0 {
			version, build, hasBuild = version[:i], version[i+1:], true
		}
		main, pre, hasPre = strings.Cut(version, "-")
		return main, pre, build, hasPre, hasBuild
	}
	present := map[bool]int{true: 1}
	mainA, preA, buildA, hasPreA, hasBuildA := split(a)
	mainB, preB, buildB, hasPreB, hasBuildB := split(b)
	return cmp.Or(refConanItems(mainA, mainB), cmp.Compare(present[hasPreB], present[hasPreA]), refConanItems(preA, preB),
		cmp.Compare(present[hasBuildA], present[hasBuildB]), refConanItems(buildA, buildB))
}

func refConanItems(a, b string) int {
	items := func(s string) []string {
		list := strings.Split(s, ".")
		for len(list) > 0 && list[len(list)-1] != "" && strings.Trim(list[len(list)-1], "0") == "" {
			list = list[:len(list)-1]
		}
		return list
	}
	x, y := items(a), items(b)
	for i := range min(len(x), len(y)) {
		digitsX, digitsY := leadingDigits(x[i]), leadingDigits(y[i])
		c := strings.Compare(x[i], y[i])
		if digitsX != "" && digitsY != "" {
			c = cmp.Or(refNumber(digitsX, digitsY), strings.Compare(x[i][len(digitsX):], y[i][len(digitsY):]))
		}
		if c != 0 {
			return c
		}
	}
	return cmp.Compare(len(x), len(y))
}
