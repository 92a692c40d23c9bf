package policy

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/common/types"
	"go.yaml.in/yaml/v3"

	"plimsoll.dev/plimsoll/finding/imageconfig"
	"plimsoll.dev/plimsoll/verdict"
)

//go:generate go test -run TestReference -update .

// Reference is the page docs/policy-reference.md: the language, from the tables that the code
// reads by, with the words around them. Who knows the page can write policies.
func Reference() (string, error) {
	e, err := newEnvironment()
	if err != nil {
		return "", err
	}
	w := &page{}
	w.text(pageBeginning)
	w.keys("Policy", policyKeys())
	w.text(pageActions)
	w.keys("Rule", ruleKeys())
	w.text(pageRules)
	if err := w.criteria(); err != nil {
		return "", err
	}
	w.text(fmt.Sprintf(pageResults, strings.Join(resultOrder(), ", ")))
	w.text(pageExpressions)
	w.environment(e)
	w.text(pageWaivers)
	w.keys("Waiver", waiverKeys())
	w.text(pageWaiverRules)
	w.text(pageTests)
	w.keys("PolicyTest", testKeys())
	w.text(pageTestRules)
	w.peers()
	w.limits()
	return w.String(), nil
}

// page is Markdown under way.
type page struct{ strings.Builder }

func (w *page) text(s string) { w.WriteString(strings.TrimLeft(s, "\n")) }

// row writes one line of a table.
func (w *page) row(cells ...string) {
	for _, cell := range cells {
		w.WriteString("| " + cell + " ")
	}
	w.WriteString("|\n")
}

func (w *page) head(cells ...string) {
	w.row(cells...)
	w.row(slices.Repeat([]string{"---"}, len(cells))...)
}

// code writes something as code, also inside a table.
func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + strings.ReplaceAll(s, "|", `\|`) + "`"
}

// documentKey is one key of a document.
type documentKey struct{ path, value, says string }

func (w *page) keys(kind string, keys []documentKey) {
	w.head("Key of a "+kind, "Value", "Meaning")
	for _, k := range keys {
		w.row(code(k.path), k.value, k.says)
	}
	w.WriteString("\n")
}

// criteria lists the criteria by what they are asked of.
func (w *page) criteria() error {
	for _, group := range []struct {
		about        about
		title, words string
	}{
		{aboutVulnerability, "Asked of each vulnerability", "A vulnerability that is fixed, not affected or waived is not asked about."},
		{aboutConfig, "Asked of each configuration finding", "What is wrong with the image's configuration: " + strings.Join(codes(imageconfig.Known()), ", ") + "."},
		{aboutPackage, "Asked of each package", "Whether anything is wrong with it or not."},
		{aboutSetuid, "Asked of each setuid file", ""},
		{aboutUnowned, "Asked of each unowned executable", "At most 1,000 are listed; where there are more, the rule is unknown unless a listed one offends."},
		{aboutImage, "Asked of the image", "Once. In one rule with criteria of anything else they say in which images the rule counts."},
		{aboutSecret, "Asked of each secret", ""},
		{aboutMalware, "Asked of each malware finding", ""},
	} {
		fmt.Fprintf(w, "#### %s\n", group.title)
		if group.words != "" {
			w.WriteString(group.words + " ")
		}
		if reads := (&rule{about: group.about}).reads(); len(reads) > 0 {
			fmt.Fprintf(w, "The rule is unknown unless these dimensions of the coverage are full: %s.", strings.Join(dimensionWords(reads), ", "))
		}
		w.WriteString("\n\n")
		w.head("Criterion", "Value", "Reads", "Example", "The example in CEL", "Answers")
		for _, c := range allCriteria() {
			if c.about != group.about {
				continue
			}
			if err := w.criterion(c); err != nil {
				return err
			}
		}
		w.WriteString("\n")
	}
	return nil
}

func (w *page) criterion(c *criterion) error {
	d := newDecoder("example", "a policy", "four")
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(c.example), &document); err != nil {
		return fmt.Errorf("the example of criterion %s: %w", c.name, err)
	}
	t := c.read(d, document.Content[0], c.name)
	if err := d.Err(); err != nil {
		return fmt.Errorf("the example of criterion %s: %w", c.name, err)
	}
	reads := c.reads
	if len(c.dimensions) > 0 && c.about == aboutImage {
		reads += "; coverage " + strings.Join(dimensionWords(c.dimensions), ", ")
	}
	if c.source != "" {
		reads += "; unknown unless the database has the source `" + c.source + "`"
	}
	if c.from != "" {
		reads += ". *Deferred to the stage " + string(c.from) + "*"
	}
	w.row(code(c.name), c.form, strings.ReplaceAll(reads, "|", `\|`), code(c.name+": "+c.example), code(t.cel), c.peers)
	return nil
}

func codes(words []string) []string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = code(word)
	}
	return quoted
}

func dimensionWords(dimensions []string) []string {
	var words []string
	for _, d := range dimensions {
		if strings.HasSuffix(d, "/") {
			d += "*"
		}
		words = append(words, code(d))
	}
	return words
}

// resultOrder is the order in which a rule's result is decided.
func resultOrder() []string {
	var words []string
	for _, r := range []verdict.Result{verdict.Error, verdict.Fail, verdict.Unknown, verdict.Deferred, verdict.Waived, verdict.Pass} {
		words = append(words, code(string(r)))
	}
	return words
}

// environment lists what expressions can speak of.
func (w *page) environment(e *environment) {
	w.head("Variable", "Type", "What it is")
	for _, v := range e.variables {
		w.row(code(v.name), typeWords(v.typ), v.says)
	}
	w.WriteString("\n")
	for _, o := range e.objects {
		w.head("Member of "+o.name, "Type", "What it is")
		for _, m := range o.members {
			w.row(code(m.name), typeWords(m.typ), m.says)
		}
		w.WriteString("\n")
	}
	w.head("Function of ours", "Gives")
	for _, f := range e.functionList() {
		w.row(code(f.signature), f.says)
	}
	w.WriteString("\n")
}

// typeWords is a type of CEL's in short.
func typeWords(t *types.Type) string {
	return strings.NewReplacer("google.protobuf.Timestamp", "timestamp", "dyn", "anything").Replace(t.String())
}

// peerField is a field of another product's policies.
type peerField struct{ product, field, how string }

// peers lists which criterion answers each field of the nearest peers.
func (w *page) peers() {
	w.text(pagePeers)
	w.head("Product", "Its field", "Criterion", "How to say it")
	for _, p := range peerFields() {
		w.row(p.product, p.field, strings.Join(codes(p.criteria()), ", "), code(p.how))
	}
	w.WriteString("\n")
}

// criteria returns the criteria that answer a field.
func (p peerField) criteria() []string {
	var names []string
	for _, c := range allCriteria() {
		if slices.ContainsFunc(c.answers(p.product), func(field string) bool { return strings.HasPrefix(field+" ", p.field+" ") }) {
			names = append(names, c.name)
		}
	}
	return names
}

// answers returns the fields of a product that a criterion answers.
func (c *criterion) answers(product string) []string {
	_, list, found := strings.Cut(c.peers, product+": ")
	if !found {
		return nil
	}
	list, _, _ = strings.Cut(list, ". ")
	return strings.Split(list, ", ")
}

// peerFields are StackRox's fields of the lifecycle stage build, and NeuVector's criteria on
// vulnerabilities and images, as of August 2026.
func peerFields() []peerField {
	const stackRox, neuVector = "StackRox", "NeuVector"
	return []peerField{
		{stackRox, "Image Registry", "deny: {registry: [docker.io]}"},
		{stackRox, "Image Remote", `deny: {repository: ["team/**"]}`},
		{stackRox, "Image Tag", "deny: {tag: [latest]}"},
		{stackRox, "Image Signature Verified By", "deny: {notSignedBy: [ci-main]}"},
		{stackRox, "Image Age", "deny: {imageAge: 90d}"},
		{stackRox, "Image User", "deny: {user: [root]}"},
		{stackRox, "Dockerfile Line", `deny: {instruction: ["^ADD "]}`},
		{stackRox, "Image Component", `deny: {component: ["pkg:npm/lodash@4.17.20"]}`},
		{stackRox, "Image OS", `deny: {os: ["centos:*"]}`},
		{stackRox, "Required Image Label", "deny: {missingLabel: [owner]}"},
		{stackRox, "Disallowed Image Label", `deny: {label: ["stage=debug"]}`},
		{stackRox, "Image Scan Age", "deny: {scanAge: 72h}"},
		{stackRox, "Unscanned Image", "deny: {unscanned: true}"},
		{stackRox, "CVE", "deny: {vulnerability: [CVE-2021-44228]}"},
		{stackRox, "CVSS", "deny: {cvss: 7.0}"},
		{stackRox, "NVD CVSS", "deny: {nvdCvss: 7.0}"},
		{stackRox, "Severity", "deny: {severity: [critical]}"},
		{stackRox, "Fixable", "deny: {fixable: true}"},
		{stackRox, "Fixed By", `deny: {fixedBy: ["3.0.*"]}`},
		{stackRox, "Days Since CVE Was Published", "deny: {publishedFor: 30d}"},
		{stackRox, "Days Since CVE Fix Was Available", "deny: {fixAvailableFor: 30d}"},
		{stackRox, "Days Since CVE Was First Discovered In Image", "deny: {firstSeenInImageFor: 30d}"},
		{stackRox, "Days Since CVE Was First Discovered In System", "deny: {firstSeenInFleetFor: 30d}"},
		{neuVector, "cveNames", "deny: {vulnerability: [CVE-2021-44228]}"},
		{neuVector, "cveCriticalCount", "deny: {severity: [critical], atLeast: 3}"},
		{neuVector, "cveHighCount", "deny: {severity: [critical, high], atLeast: 3}"},
		{neuVector, "cveHighCountNoCritical", "deny: {severity: [high], atLeast: 3}"},
		{neuVector, "cveMediumCount", "deny: {severity: [medium], atLeast: 3}"},
		{neuVector, "cveCriticalWithFixCount", "deny: {severity: [critical], fixable: true, atLeast: 3}"},
		{neuVector, "cveHighWithFixCount", "deny: {severity: [critical, high], fixable: true, atLeast: 3}"},
		{neuVector, "cveHighWithFixCountNoCritical", "deny: {severity: [high], fixable: true, atLeast: 3}"},
		{neuVector, "publishDays", "deny: {severity: [high], publishedFor: 30d, atLeast: 3}"},
		{neuVector, "cveScoreCount", "deny: {cvss: 7.0, atLeast: 3}"},
		{neuVector, "imageScanned", "deny: {unscanned: true}"},
		{neuVector, "imageSigned", "deny: {notSignedBy: [ci-main]}"},
		{neuVector, "imageVerifiers", "deny: {notSignedBy: [ci-main]}"},
		{neuVector, "imageCompliance (secrets)", "deny: {secret: any}"},
		{neuVector, "imageCompliance (setuid/setgid)", "deny: {setuid: any}"},
		{neuVector, "imageNoOS", "deny: {noOS: true}"},
		{neuVector, "modules", `deny: {component: ["pkg:deb/debian/telnet"]}`},
		{neuVector, "baseImage", `deny: {base: {notIn: ["registry.example/base/**"]}}`},
		// Criteria on the request that its image answers too.
		{neuVector, "image", `deny: {repository: ["team/**"]}`},
		{neuVector, "imageRegistry", "deny: {registry: [docker.io]}"},
		{neuVector, "labels", `deny: {label: ["stage=debug"]}`},
		{neuVector, "envVars", `deny: {env: ["DEBUG=**"]}`},
		{neuVector, "runAsRoot", "deny: {config: [user-root]}"},
	}
}

func (w *page) limits() {
	w.WriteString("## Limits\n")
	w.head("What", "At most")
	for _, l := range [][2]string{
		{"bytes of a file", grouped(MaxSize)},
		{"rules of a policy", grouped(mostRules)},
		{"members of a list", grouped(mostItems)},
		{"characters of a pattern", grouped(longestPattern)},
		{"characters of a text", "500"},
		{"characters of an expression", grouped(longestExpression)},
		{"operators and brackets inside one another", grouped(deepestExpression)},
		{"what one expression may cost over all rows, in CEL's units", grouped(costOfOne)},
		{"what all expressions of an evaluation may cost", grouped(costOfAll)},
		{"hours or days", "3650d"},
		{"life of a verdict whose expressions read `now`", ageText(expressionLife)},
	} {
		w.row(l[0], l[1])
	}
}

// grouped writes a number with its thousands apart.
func grouped(n int) string {
	text := fmt.Sprint(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}
