package ecosystem

import "testing"

// opam's manual, "Version ordering".
func TestOpamOrder(t *testing.T) {
	check(t, Opam, []comparison{
		{"manual: ~~", "~~", "<", "~"},
		{"manual: ~", "~", "<", "~beta2"},
		{"manual: ~beta2", "~beta2", "<", "~beta10"},
		{"manual: ~beta10", "~beta10", "<", "0.1"},
		{"manual: 0.1", "0.1", "<", "1.0~beta"},
		{"manual: 1.0~beta", "1.0~beta", "<", "1.0"},
		{"manual: 1.0", "1.0", "<", "1.0-test"},
		{"manual: 1.0-test", "1.0-test", "<", "1.0.1"},
		{"manual: 1.0.1", "1.0.1", "<", "1.0.10"},
		{"manual: 1.0.10", "1.0.10", "<", "dev"},
		{"manual: dev", "dev", "<", "trunk"},
		{"a plus is after the end", "3.07", "<", "3.07+1"},
		{"the last hyphen starts a revision", "2.5.2-1", "<", "2.5.2-2"},
		{"a leading v is a letter", "1.0", "<", "v0.9"},
		{"there are no epochs", "1:0", "<", "2"},
		{"a hyphen at the end is an empty revision", "1.0-", "=", "1.0"},
	})
}

func TestOpamRefuses(t *testing.T) {
	checkRefused(t, Opam, map[string]string{"nothing": "", "a blank": "1 0", "not ASCII": "1.é", "a control character": "1\n"})
}
