package example

import (
	"slices"

	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/report"
)

// Pairs returns two reports to be compared, by name. Each call makes them anew.
func Pairs() map[string][2]*report.Report {
	return map[string][2]*report.Report{
		"rebuilt": {Denied(), rebuilt()}, "worse": {Allowed(), Denied()}, "blind": {Denied(), Unknown()}, "same": {Allowed(), Allowed()},
		"hostile": {Denied(), Hostile()}, "bill": {Denied(), bill()},
	}
}

// rebuilt is Denied after a rebuild on newer packages, as another user.
func rebuilt() *report.Report {
	r := Denied()
	const fixed = "3.0.13-1~deb12u1"
	next := map[string]string{}
	for i := range r.Packages {
		p := &r.Packages[i]
		if p.Source == nil || p.Source.Name != "openssl" {
			continue
		}
		before := p.PURL
		*p = deb(p.Name, fixed, "openssl", fixed)
		next[before] = p.PURL
	}
	r.Packages = append(r.Packages, deb("wget", "1.21.3-1", "wget", "1.21.3-1"))
	r.Findings = slices.DeleteFunc(r.Findings, func(f finding.Finding) bool {
		return f.Kind == finding.Config || next[f.Package] != "" && slices.Equal(f.FixedIn, []string{fixed})
	})
	for i := range r.Findings {
		if f := &r.Findings[i]; next[f.Package] != "" {
			f.Package = next[f.Package]
		}
	}
	config := &r.Target.Config
	config.User, config.Env = "65532", []string{"PATH=/usr/bin", "LANG=C.UTF-8"}
	r.Target.Layers = append(slices.Clone(r.Target.Layers[:1]), inventory.TargetLayer{DiffID: digest("rebuilt"), Size: 22_000_000})
	return r
}

// bill is Denied as a bill of materials that another program wrote tells it.
func bill() *report.Report {
	r := Denied()
	r.Target = inventory.Target{Reference: "sbom:app.cdx.json"}
	for _, dimension := range []string{"config", "packages/other"} {
		r.Coverage.AddGap(inventory.Gap{Dimension: dimension, Code: "not-in-sbom", Why: "a bill of materials does not hold it"}, inventory.Unknown)
	}
	r.Findings = slices.DeleteFunc(r.Findings, func(f finding.Finding) bool { return f.Kind == finding.Config })
	return r
}
