package license

import "testing"

func TestFormOf(t *testing.T) {
	for stated, want := range map[string]Form{
		"MIT": ID, "GPL-2.0-only": ID, "GPL-2.0": ID,
		"MIT AND BSD-3-Clause": Expression, "(MIT OR Apache-2.0)": Expression,
		"GPL-2.0-only WITH Classpath-exception-2.0": Expression, "MPL-1.1+": Expression,
		"(MIT OR Apache-2.0) AND (GPL-2.0-or-later WITH Bison-exception-2.2)": Expression,
		"": Name, "mit": Name, "BSD": Name, "GPL2+": Name, "MIT AND BSD": Name, "MIT and ISC": Name, "mit AND ISC": Name,
		"LicenseRef-x": Name, "MIT AND LicenseRef-x": Name, " MIT": Name, "MIT AND": Name, "MIT\nAND ISC": Name,
		"(MIT)": Name, "Permission is granted.": Name, "NONE": Name, "NOASSERTION": Name,
	} {
		if got := FormOf(stated); got != want {
			t.Errorf("%q is %d, want %d", stated, got, want)
		}
	}
}

// FuzzFormOf: it never panics, and joining two expressions in brackets gives an expression.
func FuzzFormOf(f *testing.F) {
	f.Add("MIT")
	f.Add("(MIT OR Apache-2.0) AND GPL-2.0-only WITH Classpath-exception-2.0")
	f.Add("((((MIT+")
	f.Fuzz(func(t *testing.T, stated string) {
		if len(stated) < 240 && FormOf(stated) != Name && FormOf("("+stated+") AND (MIT)") != Expression {
			t.Errorf("%q is an expression, and joined with another is none", stated)
		}
	})
}
