package evidence

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/inventory/sbom/cyclonedx"
	"plimsoll.dev/plimsoll/inventory/sbom/spdx"
)

// BenchmarkBill is the way of a bill of materials of 2,000 packages to a signed bundle: its
// canonical form alone, the statement that is signed, and all of it from facts on.
func BenchmarkBill(b *testing.B) {
	facts, ci := manyPackages(), keyFor(b)
	for _, format := range []struct {
		name, predicateType string
		write               func() ([]byte, error)
	}{
		{"cyclonedx", CycloneDXType, func() ([]byte, error) {
			var into bytes.Buffer
			err := cyclonedx.Encode(&into, facts, cyclonedx.Meta{EvaluatedAt: now(), Version: "1.0"})
			return into.Bytes(), err
		}},
		{"spdx", SPDXType, func() ([]byte, error) {
			var into bytes.Buffer
			err := spdx.Encode(&into, facts, spdx.Meta{EvaluatedAt: now(), Version: "1.0"})
			return into.Bytes(), err
		}},
	} {
		document, err := format.write()
		if err != nil {
			b.Fatal(err)
		}
		state := func(document []byte) (Statement, error) {
			return NewStatement(format.predicateType, json.RawMessage(document), SubjectOf(app, child()))
		}
		statement, err := state(document)
		if err != nil {
			b.Fatal(err)
		}
		run := func(name string, step func() error) {
			b.Run(format.name+"/"+name, func(b *testing.B) {
				b.SetBytes(int64(len(document)))
				for b.Loop() {
					if err := step(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		run("canonical", func() error { _, err := state(document); return err })
		run("encode", func() error { _, err := Encode(statement); return err })
		run("whole", func() error {
			document, err := format.write()
			if err != nil {
				return err
			}
			statement, err := state(document)
			if err != nil {
				return err
			}
			_, err = SignStatement(b.Context(), ci, statement)
			return err
		})
	}
}

// manyPackages are the facts of a big image: half of Debian, half of npm.
func manyPackages() inventory.Facts {
	layer := image.DigestOf([]byte("layer"))
	facts := inventory.Facts{Target: inventory.Target{Reference: app + ":1", Repository: app, Digest: child(), Platform: "linux/amd64"}}
	for i := range 1000 {
		deb, npm := fmt.Sprintf("libexample%d-dev", i), fmt.Sprintf("@example/part-%d", i)
		facts.Packages = append(facts.Packages,
			inventory.Package{
				PURL: "pkg:deb/debian/" + deb + "@1:2.3.4-5?arch=amd64&distro=debian-12", Type: "deb", Name: deb, Version: "1:2.3.4-5", Arch: "amd64",
				Source: &inventory.Source{Name: "example", Version: "2.3.4-5"}, Licenses: []string{"GPL-2.0-only", "Permission is granted <freely>"},
				Locations: []inventory.Location{{Path: "var/lib/dpkg/status", Layer: layer}},
			},
			inventory.Package{
				PURL: fmt.Sprintf("pkg:npm/%%40example/part-%d@1.2.3", i), Type: "npm", Name: npm, Version: "1.2.3", Licenses: []string{"MIT"},
				Locations: []inventory.Location{{Path: "app/node_modules/" + npm + "/package.json", Layer: layer}},
			})
	}
	return facts
}
