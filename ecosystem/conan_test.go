package ecosystem

import "testing"

// conan-io/conan, test/unittests/model/version/test_version_comparison.py and conan/internal/model/version.py.
func TestConanOrder(t *testing.T) {
	check(t, Conan, []comparison{
		{"numbers by value", "1.9", "<", "1.10"},
		{"zeros at the end do not count", "1.0.0", "=", "1"},
		{"fewer items are before more", "1", "<", "1.0.1"},
		{"any number of items", "1.2.3.4.5", "<", "1.2.3.4.6"},
		{"words are after numbers", "cci.20200203", "<", "cci.20210111"},
		{"a word beats a number", "2024.1", "<", "system"},
		{"OpenSSL: a letter after the number is after it", "1.1.1", "<", "1.1.1k"},
		{"OpenSSL: letters in their order", "1.1.1k", "<", "1.1.1w"},
		{"libjpeg", "9d", "<", "9e"},
		{"numbers go before what stands after them", "9e", "<", "10"},
		{"a pre-release is before the release", "1.0-alpha", "<", "1.0"},
		{"pre-releases item by item", "1.0-alpha.2", "<", "1.0-alpha.10"},
		{"a number is before a word", "1.0-1", "<", "1.0-alpha"},
		{"zeros do not count before a pre-release", "1.0-alpha", "=", "1-alpha"},
		{"a build is after none", "1.0", "<", "1.0+1"},
		{"builds by value", "1.0+9", "<", "1.0+10"},
		{"builds of pre-releases", "1.0-alpha+1", "<", "1.0-alpha+2"},
		{"a pre-release is before the release whatever its build", "1.0-alpha+9", "<", "1.0"},
	})
}

func TestConanRefuses(t *testing.T) {
	checkRefused(t, Conan, map[string]string{
		"nothing": "", "a blank": "1 0", "not ASCII": "1.é", "an underscore that Python leaves out": "1.1_000", "a sign": "1.0--5",
	})
}
