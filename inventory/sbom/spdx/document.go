package spdx

// document is the part of SPDX 2.3's JSON form (its specification, chapters 6 to 12) that is
// written and read. The members stand in the order in which they are written.
type document struct {
	Version       string         `json:"spdxVersion"`
	DataLicense   string         `json:"dataLicense"`
	ID            string         `json:"SPDXID"`
	Name          string         `json:"name"`
	Namespace     string         `json:"documentNamespace"`
	Creation      *creation      `json:"creationInfo"`
	Packages      []spdxPackage  `json:"packages"`
	Licenses      []licenseText  `json:"hasExtractedLicensingInfos,omitempty"`
	Relationships []relationship `json:"relationships"`
	Annotations   []annotation   `json:"annotations,omitempty"`
	Describes     []string       `json:"documentDescribes,omitempty"` // read only: deprecated
}

type creation struct {
	Created  string   `json:"created"`
	Creators []string `json:"creators"`
}

type spdxPackage struct {
	Name             string       `json:"name"`
	ID               string       `json:"SPDXID"`
	Version          string       `json:"versionInfo,omitempty"`
	Supplier         string       `json:"supplier,omitempty"`
	DownloadLocation string       `json:"downloadLocation"`
	FilesAnalyzed    bool         `json:"filesAnalyzed"`
	SourceInfo       string       `json:"sourceInfo,omitempty"`
	Concluded        string       `json:"licenseConcluded"`
	Declared         string       `json:"licenseDeclared"`
	Copyright        string       `json:"copyrightText"`
	Description      string       `json:"description,omitempty"`
	References       []reference  `json:"externalRefs,omitempty"`
	Attributions     []string     `json:"attributionTexts,omitempty"` // read only
	Purpose          string       `json:"primaryPackagePurpose,omitempty"`
	Annotations      []annotation `json:"annotations,omitempty"`
}

type reference struct {
	Category string `json:"referenceCategory"`
	Type     string `json:"referenceType"`
	Locator  string `json:"referenceLocator"`
}

type licenseText struct {
	ID   string `json:"licenseId"`
	Text string `json:"extractedText"`
	Name string `json:"name,omitempty"`
}

type relationship struct {
	From string `json:"spdxElementId"`
	Type string `json:"relationshipType"`
	To   string `json:"relatedSpdxElement"`
}

type annotation struct {
	Annotator string `json:"annotator"`
	Date      string `json:"annotationDate"`
	Type      string `json:"annotationType"`
	Comment   string `json:"comment"`
}

const (
	noAssertion = "NOASSERTION"
	documentID  = "SPDXRef-DOCUMENT"
	// sourcePrefix is how trivy begins the sourceInfo of what was built from a source package.
	sourcePrefix = "built package from: "
)
