package ecosystem

import (
	"strings"
	"testing"
)

// freebsd/pkg, libpkg/pkg_version.c: the rules in the comment before get_component, and tests/frontend/version.sh.
func TestFreeBSDOrder(t *testing.T) {
	check(t, FreeBSD, []comparison{
		{"numbers by value", "1.9", "<", "1.10"},
		{"missing components are 0", "10", "=", "10.0.0"},
		{"consecutive separators are one", "10..1", "=", "10.1"},
		{"other characters separate too", "1.0:2003.09.16", "=", "1.0.2003.09.16"},
		{"and may surprise", "1.0.1:2003.09.16", "<", "1.0:2003.09.16"},
		{"a letter is after none", "10", "<", "10a"},
		{"letters in their order", "10a", "<", "10b"},
		{"a letter alone is before 0", "10.a", "<", "10"},
		{"a letter without a number is before the same with 0", "1.0a", "<", "1.0a0"},
		{"a separator is put between number and letter", "10a1b2", "=", "10a1.b2"},
		{"alpha is a component of its own", "10alpha", "=", "10.a"},
		{"and so before the release", "10alpha", "<", "10"},
		{"pl < alpha", "1.pl11", "<", "1.alpha3"},
		{"alpha < beta", "2alpha3", "<", "2beta1"},
		{"beta < pre", "2.0beta1", "<", "2.0pre1"},
		{"pre < rc", "2.0pre1", "<", "2.0rc1"},
		{"0.1beta2 = 0.1.b2", "0.1beta2", "=", "0.1.b2"},
		{"other words by their first letter", "1.d2", "=", "1.Development2"},
		{"* is the least", "2.*", "<", "2pl1"},
		{"zeros bring a word nearer to the end", "1.a", "<", "1.0.a"},
		{"and never past it", "1.0.a", "<", "1"},
		{"zeros bring a number nearer to the end", "1.0.0.1", "<", "1.0.1"},
		{"a plus is before what goes on", "1.0+2003.09.16", "<", "1.0.1"},
		{"and starts anew", "1.0+1", "<", "1.0+2"},
		{"a plus and nothing is nothing", "1.0+", "=", "1.0"},
		{"a revision is after none", "1.0", "<", "1.0_1"},
		{"revisions by value", "1.0_9", "<", "1.0_10"},
		{"revision 0 is none", "1.0_0", "=", "1.0"},
		{"the version beats the revision", "1.0_9", "<", "1.1"},
		{"an epoch beats everything before it", "9.9_9", "<", "0.1,1"},
		{"epochs by value", "1,9", "<", "1,10"},
		{"a revision and an epoch", "1.0_1,2", "<", "1.0_2,2"},
	})
}

func TestFreeBSDRefuses(t *testing.T) {
	checkRefused(t, FreeBSD, map[string]string{
		"nothing": "", "an epoch alone": ",1", "an epoch that is a word": "1,a", "an empty revision": "1_", "a package's name": "bash-5.2",
		"two revisions": "1_1_1", "two epochs": "1,1,1", "a number beyond 64 bits": "1.9999999999999999999", "a blank": "1 0", "not ASCII": "1.é",
		"pluses": "1+1+1+1+1", "more zeros than anyone writes": strings.Repeat("0.", maxFreeBSDZeros+1) + "1",
	})
}
