package cyclonedx

import (
	"encoding/json"
	"encoding/xml"
)

// documentForm is the part of a CycloneDX document that is read, in JSON and in XML. The library's
// own types hold everything, half a kilobyte for each component whatever is in it; a stranger's
// document would decide how much memory that takes.
type documentForm struct {
	Metadata     metadataForm      `json:"metadata" xml:"metadata"`
	Components   []componentForm   `json:"components" xml:"components>component"`
	Compositions []compositionForm `json:"compositions" xml:"compositions>composition"`
}

type metadataForm struct {
	Component  *componentForm `json:"component" xml:"component"`
	Properties []propertyForm `json:"properties" xml:"properties>property"`
}

type componentForm struct {
	Ref         string          `json:"bom-ref" xml:"bom-ref,attr"`
	Type        string          `json:"type" xml:"type,attr"`
	Name        string          `json:"name" xml:"name"`
	Version     string          `json:"version" xml:"version"`
	Description string          `json:"description" xml:"description"`
	PURL        string          `json:"purl" xml:"purl"`
	Supplier    *supplierForm   `json:"supplier" xml:"supplier"`
	Licenses    licensesForm    `json:"licenses" xml:"licenses"`
	Properties  []propertyForm  `json:"properties" xml:"properties>property"`
	Evidence    *evidenceForm   `json:"evidence" xml:"evidence"`
	Components  []componentForm `json:"components" xml:"components>component"`
}

type supplierForm struct {
	Name string `json:"name" xml:"name"`
}

type propertyForm struct {
	Name  string `json:"name" xml:"name,attr"`
	Value string `json:"value" xml:",chardata"`
}

type evidenceForm struct {
	Occurrences []struct {
		Location string `json:"location" xml:"location"`
	} `json:"occurrences" xml:"occurrences>occurrence"`
}

type compositionForm struct {
	Aggregate       string    `json:"aggregate" xml:"aggregate"`
	Assemblies      []refForm `json:"assemblies" xml:"assemblies>assembly"`
	Dependencies    []refForm `json:"dependencies" xml:"dependencies>dependency"`
	Vulnerabilities []refForm `json:"vulnerabilities" xml:"vulnerabilities>vulnerability"`
}

// refForm is a reference: a string in JSON, an attribute in XML.
type refForm struct {
	Ref string `xml:"ref,attr"`
}

// UnmarshalJSON implements json.Unmarshaler.
func (r *refForm) UnmarshalJSON(data []byte) error { return json.Unmarshal(data, &r.Ref) }

// licensesForm are the licences as texts: an id, a name or an expression.
type licensesForm []string

type licenseForm struct {
	ID   string `json:"id" xml:"id"`
	Name string `json:"name" xml:"name"`
}

// UnmarshalJSON implements json.Unmarshaler.
func (l *licensesForm) UnmarshalJSON(data []byte) error {
	var choices []struct {
		License    licenseForm `json:"license"`
		Expression string      `json:"expression"`
	}
	if err := json.Unmarshal(data, &choices); err != nil {
		return err
	}
	for _, c := range choices {
		*l = append(*l, c.License.ID+c.License.Name+c.Expression) // one of them is set
	}
	return nil
}

// UnmarshalXML implements xml.Unmarshaler.
func (l *licensesForm) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	var choices struct {
		Licenses    []licenseForm `xml:"license"`
		Expressions []string      `xml:"expression"`
	}
	if err := d.DecodeElement(&choices, &start); err != nil {
		return err
	}
	for _, c := range choices.Licenses {
		*l = append(*l, c.ID+c.Name)
	}
	*l = append(*l, choices.Expressions...)
	return nil
}
