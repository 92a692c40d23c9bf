package advisory

import "time"

// VEXStatus is what a statement says of a product and a vulnerability. The words are those of
// VEX (OpenVEX specification 0.2.0, "Status Labels").
type VEXStatus string

// The statuses.
const (
	VEXAffected           VEXStatus = "affected"
	VEXNotAffected        VEXStatus = "not_affected"
	VEXFixed              VEXStatus = "fixed"
	VEXUnderInvestigation VEXStatus = "under_investigation"
)

// VEXStatement is one statement of a VEX document, whatever its format: these products have this
// status with regard to these vulnerabilities. It says what the document says; whether it is
// about a finding, and who may say so, is for package policy.
type VEXStatement struct {
	Document        string    // the document's id
	Author          string    // who issued it, as it states
	Issued          time.Time // when the statement was made, else the document; zero if not known
	Vulnerabilities []string  // one vulnerability's id and aliases
	Status          VEXStatus
	Justification   string // of not_affected: one of OpenVEX's words
	Impact          string // of not_affected: in free words
	Action          string // of affected: what to do
	Products        []VEXProduct
}

// VEXProduct is what a statement is about: the whole product, or, if it names subcomponents,
// only these inside it.
type VEXProduct struct {
	ID            string   // as written: a package URL, an image's name, any other id
	PURLs         []string // package URLs that identify it, the id among them if it is one
	Digests       []string // sha256:… of the image that it is
	Subcomponents []string // package URLs; where none is known another name, which matches nothing
}
