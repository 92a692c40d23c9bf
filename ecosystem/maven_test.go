package ecosystem

import "testing"

// The rules are those of ComparableVersion in Maven 4. Every line but those named "Maven 4" was
// also asked of Maven 3.8.7.
func TestMavenOrder(t *testing.T) {
	check(t, Maven, []comparison{
		{"numbers by value", "1.9", "<", "1.10"},
		{"numbers of any length", "1.99999999999999999999", "<", "1.100000000000000000000"},
		{"zeros at the end do not count", "1", "=", "1.0.0"},
		{"zeros before a word neither", "1.0.0-alpha", "=", "1-alpha"},
		{"zeros between numbers do", "1.0.1", "<", "1.1"},
		{"an empty part is zero", "1..1", "=", "1.0.1"},

		{"alpha < beta", "1-alpha", "<", "1-beta"},
		{"beta < milestone", "1-beta", "<", "1-milestone"},
		{"milestone < rc", "1-milestone", "<", "1-rc"},
		{"rc = cr", "1-rc", "=", "1-cr"},
		{"rc < snapshot", "1-rc", "<", "1-SNAPSHOT"},
		{"snapshot < nothing", "1-SNAPSHOT", "<", "1"},
		{"nothing < sp", "1", "<", "1-sp"},
		{"sp < other words", "1-sp", "<", "1-jre"},
		{"other words by text", "1-android", "<", "1-jre"},
		{"a word < a number after a hyphen", "1-jre", "<", "1-1"},
		{"a number after a hyphen < one after a dot", "1-1", "<", "1.1"},
		{"case does not count", "1-BETA", "=", "1-beta"},
		{"final is nothing", "1.0.0.Final", "=", "1"},
		{"ga is nothing", "1-ga", "=", "1"},
		{"release is nothing", "1.RELEASE", "=", "1"},
		{"a dot before the last word is a hyphen", "1.0.0.RC1", "=", "1.0.0-RC1"},
		{"no separator before a word is a hyphen", "1.0RC1", "=", "1.0-RC1"},

		{"words with numbers", "1-rc9", "<", "1-rc10"},
		{"a hyphen between a word and its number does not count", "1-rc-2", "=", "1-rc2"},
		{"a is alpha before a number", "1a1", "=", "1-alpha-1"},
		{"b is beta before a number", "1b1", "=", "1-beta-1"},
		{"m is milestone before a number", "1m1", "=", "1-milestone-1"},
		{"a alone is a word", "1", "<", "1-a"},
		{"a word without a number is before it", "1-rc", "<", "1-rc1"},
		{"Maven 4: even before 0", "1-rc", "<", "1-rc0"},
		{"Maven 4: a number after a dot is not the word's", "1-rc.9", "<", "1-rc1"},
		{"Maven 4: a hyphen after zeros", "1-1", "<", "1.0-1"},
		{"Maven 4: final with a number is after final", "1", "<", "1-ga1"},
		{"Maven 4: and before sp", "1-ga9", "<", "1-sp"},
		{"Maven 4: final and then a word", "1-final-alpha", "<", "1"},
		{"Maven 4: that is after a snapshot", "1-SNAPSHOT", "<", "1-final-alpha"},
		{"Maven 4: a word in the middle", "1.x-alpha", "<", "1.x.1"},
		{"Maven 4: a list is told by its first word, then by the rest", "1.x.2", "<", "1-x.1"},

		{"issue: netty", "4.1.107.Final", "<", "4.1.108.Final"},
		{"issue: redhat's builds are after the release", "2.5.5.SP12", "<", "2.5.5.SP12-redhat-00009"},
		{"issue: guava", "31.1-android", "<", "31.1-jre"},
		{"issue: Jenkins' dates", "1055.v1346ba467ba1", "<", "1056.v1346ba467ba1"},
		{"Spring's trains by letter", "Finchley.SR1", "<", "Greenwich.RELEASE"},
		{"dates of a snapshot", "1.0-20240101.101010-1", "<", "1.0-20240101.101010-2"},
	})
}

func TestMavenRefuses(t *testing.T) {
	checkRefused(t, Maven, map[string]string{"nothing": "", "a blank": "1.0 beta", "not ASCII": "1.0é", "a control character": "1\x00"})
}
