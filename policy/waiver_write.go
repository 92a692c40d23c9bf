package policy

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Draft is a waiver that is to be written down. What is empty is left out.
type Draft struct {
	ID, Owner, Approver, Ticket string

	Vulnerabilities, Rules, PURLs, Images, Digests []string

	Decision, Justification, Reason, Action string
	Approved, Expires                       time.Time
	EndWhen                                 string
}

// Text writes the waiver as a YAML document. It checks nothing: ParseWaivers does.
func (d Draft) Text() string {
	var b strings.Builder
	line := func(indent, key, value string) {
		if value != "" {
			b.WriteString(indent + key + ": " + value + "\n")
		}
	}
	line("", "apiVersion", apiVersion)
	line("", "kind", "Waiver")
	b.WriteString("metadata:\n")
	line("  ", "id", scalar(d.ID))
	line("  ", "owner", scalar(d.Owner))
	line("  ", "approvedBy", scalar(d.Approver))
	line("  ", "approvedAt", formatTime(d.Approved))
	line("  ", "ticket", scalar(d.Ticket))
	b.WriteString("match:\n")
	line("  ", "vulnerabilities", flow(d.Vulnerabilities))
	line("  ", "rules", flow(d.Rules))
	line("  ", "purls", flow(d.PURLs))
	line("  ", "images", flow(d.Images))
	line("  ", "digests", flow(d.Digests))
	line("", "decision", scalar(d.Decision))
	line("", "justification", scalar(d.Justification))
	line("", "reason", scalar(d.Reason))
	line("", "actionStatement", scalar(d.Action))
	line("", "expires", formatTime(d.Expires))
	line("", "endWhen", scalar(d.EndWhen))
	return b.String()
}

// flow writes a list in one line.
func flow(words []string) string {
	if len(words) == 0 {
		return ""
	}
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = scalar(w)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// scalar writes a word as it is if no reader of YAML can take it for anything else, and in quotes
// otherwise: a JSON string is one of YAML, too (YAML 1.2.2, section 1.3).
func scalar(s string) string {
	special := []string{"", "true", "false", "null", "yes", "no", "on", "off", "y", "n"}
	if regexp.MustCompile(`^[A-Za-z][A-Za-z0-9@./_-]*$`).MatchString(s) && !slices.Contains(special, strings.ToLower(s)) {
		return s
	}
	if s == "" || !utf8.ValidString(s) {
		return s // ParseWaivers refuses what is not UTF-8; JSON would write something else
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(s) // a string can always be written
	return strings.TrimSpace(b.String())
}
