package ecosystem

import "testing"

// NuGet.Versioning, NuGetVersion.Parse and VersionComparer; learn.microsoft.com/nuget/concepts/package-versioning.
func TestNuGetOrder(t *testing.T) {
	check(t, NuGet, []comparison{
		{"numbers by value", "1.9.0", "<", "1.10.0"},
		{"missing numbers are 0", "1", "=", "1.0.0.0"},
		{"a fourth number", "1.0.0", "<", "1.0.0.1"},
		{"leading zeros do not count", "1.01", "=", "1.1"},
		{"blanks around it do not count", " 1.0 ", "=", "1.0"},
		{"a pre-release is before the release", "1.0.0-rc.1", "<", "1.0.0"},
		{"and before that of the next revision", "1.0.0", "<", "1.0.0.1-alpha"},
		{"labels without regard to case", "1.0.0-RC.1", "=", "1.0.0-rc.1"},
		{"labels by text", "1.0.0-beta10", "<", "1.0.0-beta9"},
		{"numbers by value in a label of their own", "1.0.0-beta.9", "<", "1.0.0-beta.10"},
		{"leading zeros of a label do not count", "1.0.0-beta.01", "=", "1.0.0-beta.1"},
		{"numbers are before words", "1.0.0-99", "<", "1.0.0-a"},
		{"fewer labels are before more", "1.0.0-a", "<", "1.0.0-a.0"},
		{"metadata does not count", "1.0.0-a+b", "=", "1.0.0-A+c-d.e"},
		{".NET: a hyphen and digits are a negative number", "1.0.0--300", "<", "1.0.0--5"},
		{".NET: that is before 0", "1.0.0--5", "<", "1.0.0-0"},
		{".NET: minus zero is zero", "1.0.0--0", "=", "1.0.0-0"},
		{".NET: a number beyond 32 bits is a word", "1.0.0-2147483648", "<", "1.0.0-300a"},
		{".NET: and so after all numbers", "1.0.0-2147483647", "<", "1.0.0-2147483648"},
		{".NET: dates run together are words", "1.0.0-20240101120000", "<", "1.0.0-2024010112001"},
	})
}

func TestNuGetRefuses(t *testing.T) {
	checkRefused(t, NuGet, map[string]string{
		"nothing": "", "a leading v": "v1.0", "five numbers": "1.2.3.4.5", "a word": "latest", "a dot at the end": "1.", "two dots": "1..2",
		"a number beyond 32 bits": "1.2147483648", "an empty pre-release": "1.0-", "an empty label": "1.0-a..b", "an odd character": "1.0-a_b",
		"empty metadata": "1.0+", "two pluses": "1.0+a+b", "a blank inside": "1.0 -a", "not ASCII": "1.0-é",
	})
}
