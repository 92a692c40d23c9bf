package vex

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"plimsoll.dev/plimsoll/advisory"
)

// The members of a CSAF 2.0 document that are read; the sections are those of the standard.
type csaf struct {
	Document        csafDocument        `json:"document"`
	ProductTree     csafTree            `json:"product_tree"`
	Vulnerabilities []csafVulnerability `json:"vulnerabilities"`
}

// csafDocument is what a document says of itself, 3.2.1.
type csafDocument struct {
	Category  string `json:"category"`
	Version   string `json:"csaf_version"`
	Publisher struct {
		Name string `json:"name"`
	} `json:"publisher"`
	Tracking struct {
		ID      string `json:"id"`
		Current string `json:"current_release_date"`
	} `json:"tracking"`
}

// csafVulnerability is an element of vulnerabilities, 3.2.3.
type csafVulnerability struct {
	CVE string `json:"cve"`
	IDs []struct {
		Text string `json:"text"`
	} `json:"ids"`
	Status       csafStatus `json:"product_status"`
	Flags        []csafNote `json:"flags"`
	Threats      []csafNote `json:"threats"`
	Remediations []csafNote `json:"remediations"`
}

// csafStatus has ids of products, 3.2.3.9. What is recommended says nothing of a vulnerability.
type csafStatus struct {
	FirstAffected      []string `json:"first_affected"`
	FirstFixed         []string `json:"first_fixed"`
	Fixed              []string `json:"fixed"`
	KnownAffected      []string `json:"known_affected"`
	KnownNotAffected   []string `json:"known_not_affected"`
	LastAffected       []string `json:"last_affected"`
	UnderInvestigation []string `json:"under_investigation"`
}

// csafNote is a flag, a threat or a remediation: a word or a text about products and groups of them.
type csafNote struct {
	Label    string   `json:"label"`    // of a flag
	Category string   `json:"category"` // of the others
	Details  string   `json:"details"`
	Products []string `json:"product_ids"`
	Groups   []string `json:"group_ids"`
}

// csafReader reads the vulnerabilities of a document.
type csafReader struct {
	tree  *productTree
	count counter // of products that notes name
	isVEX bool    // the profile demands a reason (6.1.27.9)
}

func decodeCSAF(text []byte) (Document, error) {
	var form csaf
	if err := unmarshal(text, &form); err != nil {
		return Document{}, err
	}
	d, err := form.Document.head()
	if err != nil {
		return d, err
	}
	tree, err := newProductTree(&form.ProductTree)
	if err != nil {
		return d, fmt.Errorf("product_tree: %w", err)
	}
	r := csafReader{tree: tree, isVEX: form.Document.Category == "csaf_vex"}
	var count counter
	for i := range form.Vulnerabilities {
		path := fmt.Sprintf("vulnerabilities[%d]", i)
		statements, err := r.statements(&form.Vulnerabilities[i])
		if err != nil {
			return d, fmt.Errorf("%s: %w", path, err)
		}
		for _, s := range statements {
			if err := d.add(s, &count); err != nil {
				return d, fmt.Errorf("%s %w", path, err)
			}
		}
	}
	if len(d.Statements) == 0 {
		return d, errors.New("no vulnerability in it has a product_status, so it states nothing; leave it out")
	}
	return d, nil
}

// head reads what the document says of itself.
func (about *csafDocument) head() (Document, error) {
	if !slices.Contains([]string{"csaf_vex", "csaf_security_advisory"}, about.Category) {
		return Document{}, fmt.Errorf("document.category is %.80q, want csaf_vex or csaf_security_advisory: %w", about.Category, ErrNotVEX)
	}
	if about.Version != "2.0" {
		return Document{}, fmt.Errorf("document.csaf_version is %.40q: want 2.0; ask for it in that version", about.Version)
	}
	d := Document{Format: CSAF, ID: about.Tracking.ID, Author: about.Publisher.Name}
	var err error
	if d.Issued, err = readTime("document.tracking.current_release_date", about.Tracking.Current); err != nil {
		return d, err
	}
	for _, required := range []struct {
		member string
		absent bool
	}{
		{"document.tracking.id", firstOf(d.ID) == ""}, {"document.publisher.name", firstOf(d.Author) == ""},
		{"document.tracking.current_release_date", d.Issued.IsZero()},
	} {
		if required.absent {
			return d, fmt.Errorf("%s is absent, and CSAF demands it; correct the document", required.member)
		}
	}
	return d, nil
}

// statements returns what is said of a vulnerability: one statement for all products that have the
// same status for the same reason.
func (r *csafReader) statements(v *csafVulnerability) ([]advisory.VEXStatement, error) {
	statuses, err := v.Status.byProduct()
	if err != nil {
		return nil, err
	}
	if len(statuses) == 0 {
		if r.isVEX {
			return nil, errors.New("product_status is absent or empty, and the profile csaf_vex demands it; correct it")
		}
		return nil, nil
	}
	names := []string{v.CVE}
	for _, id := range v.IDs {
		names = append(names, id.Text)
	}
	reasons, err := r.reasons(v)
	if err != nil {
		return nil, err
	}
	g := grouping{tree: r.tree, names: unique(names), index: map[reason]int{}}
	for _, s := range statuses {
		why := reasons[s.product].of(s.status)
		if r.isVEX && s.status == advisory.VEXNotAffected && why == (reason{status: s.status}) {
			return nil, fmt.Errorf("product_status.%s: of %.120q nothing says why, and the profile csaf_vex demands it; add a flag, or a threat of the category impact", s.member, s.product)
		}
		if err := g.add(why, s.product); err != nil {
			return nil, fmt.Errorf("product_status.%s: %w", s.member, err)
		}
	}
	return g.finish(), nil
}

// productStatus is the status of one product.
type productStatus struct {
	product, member string
	status          advisory.VEXStatus
}

// byProduct returns the status of each product, in the order of the list below. A product with two
// is refused (6.1.6: the same groups of members contradict one another).
func (s *csafStatus) byProduct() ([]productStatus, error) {
	var statuses []productStatus
	found := map[string]productStatus{}
	for _, list := range []struct {
		member   string
		products []string
		status   advisory.VEXStatus
	}{
		{"known_affected", s.KnownAffected, advisory.VEXAffected},
		{"first_affected", s.FirstAffected, advisory.VEXAffected},
		{"last_affected", s.LastAffected, advisory.VEXAffected},
		{"known_not_affected", s.KnownNotAffected, advisory.VEXNotAffected},
		{"fixed", s.Fixed, advisory.VEXFixed},
		{"first_fixed", s.FirstFixed, advisory.VEXFixed},
		{"under_investigation", s.UnderInvestigation, advisory.VEXUnderInvestigation},
	} {
		for _, product := range list.products {
			other, twice := found[product]
			if twice && other.status != list.status {
				return nil, fmt.Errorf("product_status has %.120q in %s and in %s, which contradict one another; correct it", product, other.member, list.member)
			}
			if twice {
				continue
			}
			found[product] = productStatus{product, list.member, list.status}
			statuses = append(statuses, found[product])
		}
	}
	return statuses, nil
}

// reason is what products share that stand in one statement.
type reason struct {
	status                        advisory.VEXStatus
	justification, impact, action string
}

// of returns what of a reason belongs to a status.
func (r reason) of(status advisory.VEXStatus) reason {
	switch status {
	case advisory.VEXNotAffected:
		return reason{status: status, justification: r.justification, impact: r.impact}
	case advisory.VEXAffected:
		return reason{status: status, action: r.action}
	default:
		return reason{status: status}
	}
}

// reasons returns what flags, threats of the category impact and remediations say of each product.
// Of several the first holds. One that names no product is about none.
func (r *csafReader) reasons(v *csafVulnerability) (map[string]reason, error) {
	reasons := map[string]reason{}
	for _, kind := range []struct {
		member string
		notes  []csafNote
		says   func(n *csafNote) string
		of     func(why *reason) *string
	}{
		{"flags", v.Flags, func(n *csafNote) string { return n.Label }, func(why *reason) *string { return &why.justification }},
		{"threats", v.Threats, func(n *csafNote) string { return n.Details }, func(why *reason) *string { return &why.impact }},
		{"remediations", v.Remediations, func(n *csafNote) string { return firstOf(n.Details, n.Category) }, func(why *reason) *string { return &why.action }},
	} {
		for i, note := range kind.notes {
			path := fmt.Sprintf("%s[%d]", kind.member, i)
			if kind.member == "threats" && note.Category != "impact" {
				continue
			}
			if kind.member == "flags" && !slices.Contains(Justifications(), note.Label) {
				return nil, fmt.Errorf("%s.label is %.80q, which CSAF does not know; correct it", path, note.Label)
			}
			products, err := r.tree.named(path, note, &r.count)
			if err != nil {
				return nil, err
			}
			says := firstOf(kind.says(&note))
			for _, product := range products {
				why := reasons[product]
				*kind.of(&why) = cmp.Or(*kind.of(&why), says)
				reasons[product] = why
			}
		}
	}
	return reasons, nil
}

// grouping makes statements of products: those that are parts of one whole become one product.
type grouping struct {
	tree       *productTree
	names      []string
	index      map[reason]int
	statements []advisory.VEXStatement
	wholes     []map[string]int // by statement: id of a whole → index of the product that has its parts
}

func (g *grouping) add(why reason, id string) error {
	p, err := g.tree.resolve(id)
	if err != nil {
		return err
	}
	i, found := g.index[why]
	if !found {
		i = len(g.statements)
		g.index[why] = i
		g.wholes = append(g.wholes, map[string]int{})
		g.statements = append(g.statements, advisory.VEXStatement{
			Vulnerabilities: g.names, Status: why.status,
			Justification: why.justification, Impact: why.impact, Action: why.action,
		})
	}
	s := &g.statements[i]
	if p.part == nil {
		s.Products = append(s.Products, p.whole.asWhole)
		return nil
	}
	at, found := g.wholes[i][p.whole.ID]
	if !found {
		at = len(s.Products)
		g.wholes[i][p.whole.ID] = at
		s.Products = append(s.Products, p.whole.asWhole)
	}
	s.Products[at].Subcomponents = append(s.Products[at].Subcomponents, p.part.asPart...)
	return nil
}

func (g *grouping) finish() []advisory.VEXStatement {
	for _, s := range g.statements {
		for i := range s.Products {
			s.Products[i].Subcomponents = unique(s.Products[i].Subcomponents)
		}
	}
	return g.statements
}
