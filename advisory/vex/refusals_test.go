package vex

import (
	"fmt"
	"strings"
	"testing"
)

// in puts what is to be tested where @ stands in a document that is well otherwise.
func in(document, part string) []byte { return []byte(strings.Replace(document, "@@", part, 1)) }

const (
	openVEXDocument     = `{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://vex.example/1","author":"a","timestamp":"2026-01-01T00:00:00Z","version":1,"statements":[{"vulnerability":{"name":"CVE-2024-1"},"products":[{"@id":"pkg:oci/a"}],"status":"fixed"},@@]}`
	openVEXOneStatement = `{"vulnerability":{"name":"CVE-2024-1"},"products":[{"@id":"pkg:oci/a"}],@@}`
	openVEXProduct      = `{"vulnerability":{"name":"CVE-2024-1"},"status":"fixed","products":[{"@id":"pkg:oci/a"},@@]}`
	bomDocument         = `{"bomFormat":"CycloneDX","specVersion":"1.5","metadata":{"component":{"bom-ref":"a","name":"a"}},"components":[{"bom-ref":"b","name":"b"}],"vulnerabilities":[{"id":"CVE-2024-1","analysis":{"state":"resolved"},"affects":[{"ref":"b"}]},@@]}`
	csafPlainDocument   = `{"document":{"category":"csaf_vex","csaf_version":"2.0","publisher":{"name":"a"},"tracking":{"id":"1","current_release_date":"2026-01-01T00:00:00Z"}},"product_tree":{"full_product_names":[{"product_id":"a","name":"A"},{"product_id":"b","name":"B"}]},"vulnerabilities":[{"cve":"CVE-2024-1","product_status":{"fixed":["a"]}},@@]}`
	csafTreeDocument    = `{"document":{"category":"csaf_vex","csaf_version":"2.0","publisher":{"name":"a"},"tracking":{"id":"1","current_release_date":"2026-01-01T00:00:00Z"}},"product_tree":{"full_product_names":[{"product_id":"a","name":"A"},{"product_id":"b","name":"B"}],@@},"vulnerabilities":[{"cve":"CVE-2024-1","product_status":{"fixed":["c"]}}]}`
)

func TestRefusals(t *testing.T) {
	nothing := `"extension":null` // as a member
	statement := func(members string) []byte { return in(openVEXDocument, in1(openVEXOneStatement, members)) }
	product := func(p string) []byte { return in(openVEXDocument, in1(openVEXProduct, p)) }
	for _, test := range []struct {
		name     string
		document []byte
		says     string
	}{
		{"nothing", nil, "unexpected end of JSON input; have it written anew"},
		{"no JSON", []byte(`{"@context":`), "unexpected end"},
		{"no object", []byte(`[]`), "it is a JSON array"},
		{"another document", []byte(`{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld"}`), "want OpenVEX, CycloneDX (JSON)"},
		{"XML", []byte("\ufeff <bom/>"), "it is XML, have it written as JSON"},
		{"an envelope", []byte(`{"payloadType":"application/vnd.in-toto+json","payload":""}`), "take the document out of it"},
		{"an attestation", []byte(`{"predicateType":"https://openvex.dev/ns/v0.2.0","predicate":{}}`), "take the predicate out of it"},
		{"no UTF-8", []byte("{\"@context\":\"\xff\"}"), "it is not UTF-8"},
		{"a member twice", statement(`"status":"fixed","Status":"affected"`), `the member "Status" is there twice`},
		{"too deep", []byte(strings.Repeat(`[`, maxDepth+1) + strings.Repeat(`]`, maxDepth+1)), "nested more than 128 deep"},

		{"OpenVEX of another version", []byte(`{"@context":"https://openvex.dev/ns/v1.0.0"}`), `@context is "https://openvex.dev/ns/v1.0.0": want a version from 0.0.1 to 0.2.0`},
		{"OpenVEX without an author", []byte(`{"@context":["https://openvex.dev/ns"],"author":" "}`), "author is absent"},
		{"OpenVEX without a time", []byte(`{"@context":"https://openvex.dev/ns","@id":"a","author":"a"}`), "timestamp is absent"},
		{"OpenVEX without statements", []byte(`{"@context":"https://openvex.dev/ns","@id":"a","author":"a","timestamp":"2026-01-01T00:00:00Z"}`), "statements is absent"},
		{"a time without a zone", []byte(`{"@context":"https://openvex.dev/ns","timestamp":"2026-01-01T00:00:00"}`), `timestamp is "2026-01-01T00:00:00": want a time with its zone`},
		{"a day", statement(`"status":"fixed","timestamp":"2026-01-01"`), `statements[1].timestamp is "2026-01-01"`},
		{"a year long ago", statement(`"status":"fixed","timestamp":"0001-01-01T00:00:00Z"`), "want a year from 1970 to 9999"},
		{"a number for a text", statement(`"status":1`), "statements.status is a JSON number, at byte"},
		{"a number for a vulnerability", in(openVEXDocument, `{"vulnerability":1}`), "a value of a vulnerability is a JSON number"},
		{"a number for a product", product(`{"hashes":{"sha-256":1}}`), "of a product is a JSON number"},
		{"no statement", in(openVEXDocument, `null`), "statements[1].vulnerability has no name"},
		{"no vulnerability", in(openVEXDocument, `{"products":["a"],"status":"fixed"}`), "statements[1].vulnerability has no name"},
		{"no product", in(openVEXDocument, `{"vulnerability":"a","status":"fixed","products":[]}`), "statements[1].products is absent or empty"},
		{"no status", statement(nothing), `statements[1].status is "": want affected, not_affected, fixed or under_investigation; correct it`},
		{"a status that is not known", statement(`"status":"safe"`), `statements[1].status is "safe"`},
		{"a status in another case", statement(`"status":"Fixed"`), `statements[1].status is "Fixed"`},
		{"a justification that is not known", statement(`"status":"not_affected","justification":"code_not_present"`), `statements[1].justification is "code_not_present": want component_not_present,`},
		{"a justification of another status", statement(`"status":"fixed","justification":"component_not_present"`), "statements[1].justification says why a product is not affected, and the status is fixed"},
		{"not affected without a reason", statement(`"status":"not_affected","impact_statement":" "`), "statements[1].justification is absent, and so is impact_statement"},
		{"affected without an action", statement(`"status":"affected"`), "statements[1].action_statement is absent"},
		{"a product without a name", product(`{"subcomponents":[{"@id":"a"}]}`), "statements[1].products[1] has neither @id nor identifiers nor a sha-256"},
		{"no product in the list", product(`null`), "statements[1].products[1] has neither"},
		{"half a hash", product(`{"@id":"a","hashes":{"sha-256":"00"}}`), `statements[1].products[1].hashes.sha-256 is "00": want 64`},
		{"a part without a name", product(`{"@id":"a","subcomponents":[{"hashes":{"sha-256":"00"}}]}`), "statements[1].products[1].subcomponents[0] has neither @id nor identifiers"},
		{"a part with a blank name", product(`{"@id":"a","subcomponents":[" "]}`), "subcomponents[0] has neither"},
		{"a part of a part", product(`{"@id":"a","subcomponents":[{"@id":"b","subcomponents":["c"]}]}`), "subcomponents[0] has subcomponents of its own"},
		{"a part of all products without a name", in(openVEXDocument, `{"vulnerability":"a","status":"fixed","products":["a"],"subcomponents":[""]}`), "statements[1].subcomponents[0] has neither"},

		{"CycloneDX of another version", []byte(`{"bomFormat":"CycloneDX","specVersion":"1.3"}`), `specVersion is "1.3": want 1.4 to 1.7`},
		{"CycloneDX without an analysis", []byte(`{"bomFormat":"CycloneDX","specVersion":"1.5","vulnerabilities":[{"id":"CVE-2024-1"}]}`), "no vulnerability in it has an analysis with a state"},
		{"a time of a document without a zone", []byte(`{"bomFormat":"CycloneDX","specVersion":"1.5","metadata":{"timestamp":"2026-01-01T00:00:00"}}`), "metadata.timestamp is"},
		{"a time of an analysis without a zone", in(bomDocument, `{"id":"a","analysis":{"state":"resolved","lastUpdated":"2026-01-01T00:00:00"}}`), "vulnerabilities[1].analysis.lastUpdated is"},
		{"a first time without a zone", in(bomDocument, `{"id":"a","analysis":{"state":"resolved","firstIssued":"soon"}}`), "vulnerabilities[1].analysis.firstIssued is"},
		{"a state that is not known", in(bomDocument, `{"id":"a","analysis":{"state":"safe"}}`), `vulnerabilities[1].analysis.state is "safe"`},
		{"CycloneDX: a justification that is not known", in(bomDocument, `{"id":"a","analysis":{"state":"not_affected","justification":"component_not_present"}}`), `vulnerabilities[1].analysis.justification is "component_not_present"`},
		{"nothing is affected", in(bomDocument, `{"id":"a","analysis":{"state":"resolved"}}`), "vulnerabilities[1] names no product"},
		{"CycloneDX: no vulnerability", in(bomDocument, `{"analysis":{"state":"resolved"},"affects":[{"ref":"a"}]}`), "vulnerabilities[1] names no vulnerability"},
		{"no reference", in(bomDocument, `{"id":"a","analysis":{"state":"resolved"},"affects":[{}]}`), "vulnerabilities[1].affects[0].ref is absent"},
		{"a reference to nothing", in(bomDocument, `{"id":"a","analysis":{"state":"resolved"},"affects":[{"ref":"c"}]}`), `vulnerabilities[1].affects[0].ref is "c", and the document has no component`},
		{"a version without one", in(bomDocument, `{"id":"a","analysis":{"state":"resolved"},"affects":[{"ref":"a","versions":[{"status":"affected"},{}]}]}`), "affects[0].versions[0] has neither version nor range"},
		{"a status of a version that is not known", in(bomDocument, `{"id":"a","analysis":{"state":"resolved"},"affects":[{"ref":"a","versions":[{"version":"1","status":"fixed"}]}]}`), `affects[0].versions[0].status is "fixed"`},
		{"a bom-ref twice", []byte(`{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"bom-ref":"a","components":[{"bom-ref":"a"}]}]}`), `the bom-ref "a" is there twice`},
		{"a product's bom-ref twice", []byte(`{"bomFormat":"CycloneDX","specVersion":"1.5","metadata":{"component":{"bom-ref":"a"}},"services":[{"bom-ref":"a"}]}`), `the bom-ref "a" is there twice`},
		{"CycloneDX: half a hash", []byte(`{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"bom-ref":"a","hashes":[{"alg":"SHA-256","content":"00"}]}],"vulnerabilities":[{"id":"a","analysis":{"state":"resolved"},"affects":[{"ref":"a"}]}]}`), `vulnerabilities[0].affects[0].ref is no SHA-256`},
		{"a product of CycloneDX without a name", []byte(`{"bomFormat":"CycloneDX","specVersion":"1.5","metadata":{"component":{}},"components":[{"bom-ref":"a"}],"vulnerabilities":[{"id":"a","analysis":{"state":"resolved"},"affects":[{"ref":"a"}]}]}`), "metadata.component has neither name nor package URL nor bom-ref"},

		{"CSAF of another category", []byte(`{"document":{"category":"csaf_base"}}`), `document.category is "csaf_base"`},
		{"CSAF of another version", []byte(`{"document":{"category":"csaf_vex","csaf_version":"2.1"}}`), `document.csaf_version is "2.1": want 2.0`},
		{"CSAF without an id", []byte(`{"document":{"category":"csaf_vex","csaf_version":"2.0"}}`), "document.tracking.id is absent"},
		{"CSAF without a publisher", []byte(`{"document":{"category":"csaf_vex","csaf_version":"2.0","tracking":{"id":"a"}}}`), "document.publisher.name is absent"},
		{"CSAF without a date", []byte(`{"document":{"category":"csaf_vex","csaf_version":"2.0","publisher":{"name":"a"},"tracking":{"id":"a"}}}`), "document.tracking.current_release_date is absent"},
		{"CSAF's date without a zone", []byte(`{"document":{"category":"csaf_vex","csaf_version":"2.0","tracking":{"current_release_date":"2026-01-01T00:00:00"}}}`), "document.tracking.current_release_date is"},
		{"CSAF without vulnerabilities", []byte(`{"document":{"category":"csaf_security_advisory","csaf_version":"2.0","publisher":{"name":"a"},"tracking":{"id":"a","current_release_date":"2026-01-01T00:00:00Z"}},"vulnerabilities":[{"cve":"CVE-2024-1"}]}`), "no vulnerability in it has a product_status"},
		{"a vulnerability without a status", in(csafPlainDocument, `{"cve":"CVE-2024-1","product_status":{"recommended":["a"]}}`), "vulnerabilities[1]: product_status is absent or empty"},
		{"CSAF: no vulnerability", in(csafPlainDocument, `{"product_status":{"fixed":["a"]}}`), "vulnerabilities[1] names no vulnerability"},
		{"two statuses", in(csafPlainDocument, `{"cve":"CVE-2024-1","product_status":{"fixed":["a"],"known_affected":["a"]}}`), `vulnerabilities[1]: product_status has "a" in known_affected and in fixed`},
		{"CSAF: not affected without a reason", in(csafPlainDocument, `{"cve":"CVE-2024-1","product_status":{"known_not_affected":["a"]},"threats":[{"category":"impact","details":"none"},{"category":"impact","details":" ","product_ids":["a"]}]}`), `product_status.known_not_affected: of "a" nothing says why`},
		{"a flag that is not known", in(csafPlainDocument, `{"cve":"CVE-2024-1","product_status":{"known_not_affected":["a"]},"flags":[{"label":"safe","product_ids":["a"]}]}`), `vulnerabilities[1]: flags[0].label is "safe"`},
		{"a product that is not there", in(csafPlainDocument, `{"cve":"CVE-2024-1","product_status":{"fixed":["c"]}}`), `product_status.fixed: the product "c" is not in product_tree`},
		{"a group that is not there", in(csafPlainDocument, `{"cve":"CVE-2024-1","product_status":{"fixed":["a"]},"remediations":[{"category":"vendor_fix","group_ids":["g"]}]}`), `vulnerabilities[1]: remediations[0]: the group "g" is not in product_tree`},
		{"a product twice", in(csafTreeDocument, `"branches":[{"product":{"product_id":"a"}}]`), `product_tree: the product_id "a" is there twice`},
		{"a product without an id", in(csafTreeDocument, `"branches":[{"branches":[{"product":{"name":"a"}}]}]`), "product_tree: a product has no product_id"},
		{"a relationship twice", in(csafTreeDocument, `"relationships":[{"category":"installed_on","product_reference":"a","relates_to_product_reference":"b","full_product_name":{"product_id":"b"}}]`), `product_tree: the product_id "b" is there twice`},
		{"a group twice", in(csafTreeDocument, `"product_groups":[{"group_id":"a"},{"group_id":"a"}]`), `product_tree: the group_id "a" is there twice`},
		{"CSAF: half a hash", in(csafTreeDocument, `"branches":[{"product":{"product_id":"c","product_identification_helper":{"hashes":[{"file_hashes":[{"algorithm":"sha256","value":"00"}]}]}}}]`), `the product "c" has the sha256 "00"`},
		{"a relationship of another kind", in(csafTreeDocument, `"relationships":[{"category":"near","full_product_name":{"product_id":"c"}}]`), `the relationship "c" is of the category "near"`},
		{"a relationship to nothing", in(csafTreeDocument, `"relationships":[{"category":"installed_on","product_reference":"a","relates_to_product_reference":"d","full_product_name":{"product_id":"c"}}]`), `the product "d" is not in product_tree`},
		{"a relationship of nothing", in(csafTreeDocument, `"relationships":[{"category":"installed_on","product_reference":"d","relates_to_product_reference":"a","full_product_name":{"product_id":"c"}}]`), `the product "d" is not in product_tree`},
		{"a relationship in a circle", in(csafTreeDocument, `"relationships":[{"category":"installed_on","product_reference":"a","relates_to_product_reference":"c","full_product_name":{"product_id":"c"}}]`), `the relationship "c" leads in circles`},
	} {
		t.Run(test.name, func(t *testing.T) {
			d, err := Decode("a.json", test.document)
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("the error is %v, want it to say %q; read was\n%s", err, test.says, lines(d))
			}
		})
	}
}

func in1(document, part string) string { return string(in(document, part)) }

// The documents of the test above are well but for what is put into them.
func TestWhatIsNotRefused(t *testing.T) {
	good := in1(openVEXOneStatement, `"status":"fixed"`)
	for _, test := range []struct {
		name     string
		document []byte
	}{
		{"OpenVEX", in(openVEXDocument, good)},
		{"OpenVEX, product", in(openVEXDocument, in1(openVEXProduct, `{"identifiers":{"cpe22":"cpe:/a:a"},"extension":[1]}`))},
		{"OpenVEX without an id, as people write it by hand", []byte(strings.Replace(in1(openVEXDocument, good), `"@id":"https://vex.example/1",`, "", 1))},
		{"OpenVEX with a byte order mark", append([]byte("\ufeff"), in(openVEXDocument, good)...)},
		{"CycloneDX", in(bomDocument, `{"id":"a","analysis":{"state":"resolved"},"affects":[{"ref":"a"}],"extension":1}`)},
		{"CSAF", in(csafPlainDocument, `{"cve":"CVE-2024-1","product_status":{"fixed":["b"]}}`)},
		{"CSAF, tree", in(csafTreeDocument, `"branches":[{"product":{"product_id":"c"}}]`)},
	} {
		if _, err := Decode("a.json", test.document); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// Few bytes that stand for much are refused before it is made of them.
func TestLimits(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	list := func(n int, element string) string { return strings.Repeat(element+",", n-1) + element }
	oneComponent := `{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"bom-ref":"a","name":"` + long + `"}],` +
		`"vulnerabilities":[{"id":"a","analysis":{"state":"resolved"},"affects":[@@]}]}`
	group := in1(csafTreeDocument, `"product_groups":[{"group_id":"g","product_ids":[`+list(1001, `"a"`)+`]}]`)
	for _, test := range []struct {
		name     string
		document []byte
		says     string
	}{
		{"objects", []byte("[" + list(maxObjects+1, "{}") + "]"), "more than 1048576 objects"},
		{"values", in(openVEXDocument, `{"products":[`+list(maxValues, `"a"`)+`]}`), "it has more than 4194304 values"},
		{"products", in(openVEXDocument, `{"products":[`+list(maxProducts+1, `"a"`)+`]}`), "statements[1] is one too many"},
		{
			"statements", in(bomDocument, list(maxStatements, `{"id":"a","analysis":{"state":"resolved"},"affects":[{"ref":"a"}]}`)),
			"a document has at most 100000 statements",
		},
		{
			"parts of all products",
			in(openVEXDocument, `{"vulnerability":"a","status":"fixed","products":[`+list(1001, `"a"`)+`],"subcomponents":[`+numbers(1000)+`]}`),
			"statements[1] is one too many: the statements of a document name at most 1000000 products",
		},
		{
			"products of a flag", in(csafPlainDocument, `{"cve":"CVE-2024-1","product_status":{"fixed":["a"]},"threats":[{"category":"impact","details":"d","product_ids":[`+list(maxProducts+1, `"a"`)+`]}]}`),
			"vulnerabilities[1]: threats[0] is one too many",
		},
		{
			"groups",
			[]byte(strings.Replace(group, `"product_status"`, `"flags":[{"label":"component_not_present","group_ids":[`+list(1000, `"g"`)+`]}],"product_status"`, 1)),
			"vulnerabilities[0]: flags[0] is one too many",
		},
		{"a long name, often", in(oneComponent, list(300, `{"ref":"a"}`)), "affects[256] is one too many: the names of products in the statements of a document have at most 268435456 bytes"},
		{"a long name in many versions", in(oneComponent, `{"ref":"a","versions":[`+list(300, `{"version":"1"}`)+`]}`), "affects[0] is one too many"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := Decode("a.json", test.document); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("the error is %v, want it to say %q", err, test.says)
			}
		})
	}
}

// numbers returns a list of so many texts that differ.
func numbers(n int) string {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = fmt.Sprintf("%q", fmt.Sprint(i))
	}
	return strings.Join(texts, ",")
}
