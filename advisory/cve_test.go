package advisory

import "testing"

func TestParseCVE(t *testing.T) {
	for text, want := range map[string]CVE{
		"CVE-1999-0001":       {1999, 1},
		"CVE-2024-3094":       {2024, 3094},
		"CVE-2024-12345":      {2024, 12345},
		"CVE-2026-1000000":    {2026, 1000000},
		"CVE-2026-4294967295": {2026, 4294967295},
	} {
		got, ok := ParseCVE(text)
		if !ok || got != want {
			t.Errorf("ParseCVE(%q) = %v, %v", text, got, ok)
		}
		if got.String() != text {
			t.Errorf("%v is written %q, was %q", want, got.String(), text)
		}
	}
	for _, text := range []string{
		"", "CVE-", "CVE-2024", "CVE-2024-", "CVE-2024-1", "CVE-2024-01234", "cve-2024-3094", "CVE-2024-3094 ",
		"CVE-2024-+123", "CVE-0024-3094", "CVE-24-3094", "CVE-2024-4294967296", "DEBIAN-CVE-2024-3094", "GHSA-aaaa-bbbb-cccc",
	} {
		if got, ok := ParseCVE(text); ok {
			t.Errorf("ParseCVE(%q) = %v", text, got)
		}
	}
}

func TestCVEsAreSortedByYearAndNumber(t *testing.T) {
	inOrder := []CVE{{1999, 9999}, {2024, 2}, {2024, 10}, {2024, 10000}, {2025, 1}}
	for i := range inOrder {
		for j := range inOrder {
			want := min(1, max(-1, i-j))
			if got := inOrder[i].Compare(inOrder[j]); got != want {
				t.Errorf("%v compared with %v is %d", inOrder[i], inOrder[j], got)
			}
		}
	}
}

// FuzzParseCVE: what is taken for an identifier is written as it was read.
func FuzzParseCVE(f *testing.F) {
	for _, seed := range []string{"CVE-2024-3094", "CVE-1999-0001", "CVE-2024-00001", "CVE-2024-99999999999"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if cve, ok := ParseCVE(text); ok && cve.String() != text {
			t.Errorf("%q became %q", text, cve)
		}
	})
}
