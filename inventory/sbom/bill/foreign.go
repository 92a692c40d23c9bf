package bill

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/inventory"
)

const (
	packagesDimension = "packages/"
	// otherPackages are those of the types that a bill lists none of.
	otherPackages = packagesDimension + "other"
)

// maxText is the longest name, version or package URL in bytes; no honest one is that long.
const maxText = 4096

// foreignFacts reads a bill that another program wrote.
func foreignFacts(b *Bill) inventory.Facts {
	f := &foreign{bill: b, byType: map[string][]*statement{}}
	f.facts.Target.Reference = b.Subject.Name
	f.facts.Target.ImageID = imageID(b.Subject.Properties)
	for i := range b.Components {
		f.take(&b.Components[i])
	}
	f.distribution()
	f.sources()
	f.packages()
	f.coverage()
	return f.facts
}

type foreign struct {
	bill       *Bill
	facts      inventory.Facts
	statements []*statement
	byType     map[string][]*statement
	systems    []inventory.Distro

	unidentified, unversioned, sourceless tally
}

// statement is a component that is a package.
type statement struct {
	component *Component
	purl      ecosystem.PURL
	version   string
	source    *inventory.Source
}

// take sorts one component.
func (f *foreign) take(c *Component) {
	switch {
	case c.Kind == System:
		if distro := systemDistro(c); !slices.ContainsFunc(f.systems, func(d inventory.Distro) bool {
			return d.ID == distro.ID && d.VersionID == distro.VersionID
		}) {
			f.systems = append(f.systems, distro)
		}
		return
	case c.Kind == File, c.Kind == Container:
		return
	case c.PURL == "":
		if c.Kind != Other && !isGroup(c) {
			f.unidentified.add(otherPackages, "%s %s has no package URL", c.Name, c.Version)
		}
		return
	case len(c.PURL) > maxText || len(c.Version) > maxText:
		f.unidentified.add(otherPackages, "%.80s is longer than %d bytes", c.Name, maxText)
		return
	}
	purl, err := ecosystem.ParsePURL(c.PURL)
	if err != nil {
		f.unidentified.add(otherPackages, "%s", err)
		return
	}
	s := &statement{component: c, purl: purl, version: versionOf(purl, c.Version)}
	f.statements = append(f.statements, s)
	f.byType[purl.Type] = append(f.byType[purl.Type], s)
}

// isGroup tells whether a component only groups those of one file, as trivy writes one for each
// lock file or program.
func isGroup(c *Component) bool {
	return c.Kind == Application && valueOf(c.Properties, "aquasecurity:trivy:Type") != ""
}

// versionOf is the version as the package's own tools write it: with its epoch, which purls of
// rpm, and trivy's of deb, have in a qualifier.
func versionOf(purl ecosystem.PURL, stated string) string {
	version := cmp.Or(purl.Version, stated)
	if version == "UNKNOWN" { // syft's word for a package that states none
		return ""
	}
	epoch := purl.Qualifier("epoch")
	if epoch == "" || epoch == "0" || version == "" || strings.Contains(version, ":") || !isSystemPackage(purl.Type) {
		return version
	}
	return epoch + ":" + version
}

// isSystemPackage tells whether packages of a type are a distribution's.
func isSystemPackage(purlType string) bool {
	return purlType == "deb" || purlType == "apk" || purlType == "rpm"
}

// packages makes packages of the statements.
func (f *foreign) packages() {
	f.facts.Packages = []inventory.Package{}
	for _, s := range f.statements {
		dimension := packagesDimension + s.purl.Type
		f.facts.Coverage.Set(dimension, inventory.Full)
		if s.version == "" {
			f.unversioned.add(dimension, "%s states no version", s.component.PURL)
		}
		f.facts.Packages = append(f.facts.Packages, inventory.Package{
			PURL: f.canonical(s), Type: s.purl.Type, Name: nameOf(s.purl), Version: s.version, Arch: s.purl.Qualifier("arch"),
			Source: s.source, Vendor: s.component.Supplier, Licenses: nonEmpty(s.component.Licenses), Locations: locationsOf(s.component),
		})
	}
	slices.SortStableFunc(f.facts.Packages, inventory.ComparePackages)
	f.facts.Packages = slices.CompactFunc(f.facts.Packages, func(a, b inventory.Package) bool { return reflect.DeepEqual(a, b) })
}

// canonical is the package URL that a scan of the image would have given, so that a finding has
// the same key: without what is no part of the package's identity, and with the distribution.
func (f *foreign) canonical(s *statement) string {
	purl := s.purl
	purl.Version = s.version
	drop := []string{"upstream", "package-id", "epoch"}
	if purl.Type == "rpm" { // here the epoch is the qualifier's (purl-spec, rpm definition)
		drop = drop[:2]
		if s.version != "" {
			purl.Version = cmp.Or(s.purl.Version, s.version)
		}
	}
	purl.Qualifiers = slices.DeleteFunc(slices.Clone(purl.Qualifiers), func(q ecosystem.Qualifier) bool {
		return slices.Contains(drop, q.Key) || q == ecosystem.Qualifier{Key: "epoch", Value: "0"} || q.Key == "distro" && f.facts.Distro != nil
	})
	if d := f.facts.Distro; d != nil && isSystemPackage(purl.Type) {
		purl.Namespace = strings.ToLower(d.ID) // others write redhat for rhel
		tag := strings.TrimSuffix(d.ID+"-"+d.VersionID, "-")
		purl.Qualifiers = append(purl.Qualifiers, ecosystem.Qualifier{Key: "distro", Value: tag})
		slices.SortFunc(purl.Qualifiers, func(a, b ecosystem.Qualifier) int { return strings.Compare(a.Key, b.Key) })
	}
	return purl.String()
}

// nameOf is the name by which advisories call a package.
func nameOf(purl ecosystem.PURL) string {
	switch {
	case purl.Namespace == "" || isSystemPackage(purl.Type):
		return purl.Name
	case purl.Type == "maven":
		return purl.Namespace + ":" + purl.Name
	default:
		return purl.Namespace + "/" + purl.Name
	}
}

// coverage says what the bill does not.
func (f *foreign) coverage() {
	coverage := &f.facts.Coverage
	f.unidentified.appendTo(coverage, UnidentifiedComponent, inventory.Partial)
	f.unversioned.appendTo(coverage, "unversioned-package", inventory.Full)
	f.sourceless.appendTo(coverage, NoSourcePackage, inventory.Partial)
	switch f.bill.Complete {
	case Complete:
	case Incomplete:
		why := "the bill of materials says of itself that it is not complete"
		for _, purlType := range append(slices.Sorted(maps.Keys(f.byType)), "other") {
			coverage.AddGap(inventory.Gap{Dimension: packagesDimension + purlType, Code: StatedIncomplete, Why: why}, inventory.Partial)
		}
	default:
		coverage.AddGap(inventory.Gap{Dimension: otherPackages, Code: NotInSBOM,
			Why: "the bill of materials does not say whether there are packages of other types"}, inventory.Unknown)
	}
	for _, dimension := range []string{"config", "files"} {
		coverage.AddGap(inventory.Gap{Dimension: dimension, Code: NotInSBOM, Why: "a bill of materials does not hold it"}, inventory.Unknown)
	}
}

// tally counts what makes no sense by dimension, so that a bill of nonsense gives a few gaps.
type tally struct {
	counts  map[string]int
	reasons map[string]string // the first
}

func (t *tally) add(dimension, format string, arguments ...any) {
	if t.counts == nil {
		t.counts, t.reasons = map[string]int{}, map[string]string{}
	}
	if t.counts[dimension]++; t.counts[dimension] == 1 {
		t.reasons[dimension] = fmt.Sprintf(format, arguments...)
	}
}

func (t *tally) appendTo(coverage *inventory.Coverage, code string, state inventory.State) {
	for _, dimension := range slices.Sorted(maps.Keys(t.counts)) {
		why := t.reasons[dimension]
		if n := t.counts[dimension]; n > 1 {
			why = fmt.Sprintf("%d components; the first: %s", n, why)
		}
		coverage.AddGap(inventory.Gap{Dimension: dimension, Code: code, Why: why}, state)
	}
}

// locationsOf reads where a component was found.
func locationsOf(c *Component) []inventory.Location {
	var locations []inventory.Location
	add := func(path, layer string) {
		diffID, _ := image.ParseDigest(layer) // syft's layer may be a digest, trivy's is a diffID; others are not known
		location := inventory.Location{Path: strings.TrimPrefix(path, "/"), Layer: diffID}
		if location.Path != "" && !slices.Contains(locations, location) {
			locations = append(locations, location)
		}
	}
	for _, p := range c.Properties {
		if number, ok := strings.CutPrefix(p.Name, "syft:location:"); ok {
			if number, ok = strings.CutSuffix(number, ":path"); ok {
				add(p.Value, valueOf(c.Properties, "syft:location:"+number+":layerID"))
			}
		}
	}
	add(valueOf(c.Properties, "aquasecurity:trivy:FilePath"), valueOf(c.Properties, "aquasecurity:trivy:LayerDiffID"))
	for _, path := range c.Paths {
		if path = strings.TrimPrefix(path, "/"); !slices.ContainsFunc(locations, func(l inventory.Location) bool { return l.Path == path }) {
			add(path, "")
		}
	}
	return locations
}

// imageID is what trivy states of an image.
func imageID(list []Property) image.Digest {
	id, _ := image.ParseDigest(valueOf(list, "aquasecurity:trivy:ImageID"))
	return id
}

// valueOf returns the value of the first property of a name.
func valueOf(list []Property, name string) string {
	for _, p := range list {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

func nonEmpty(list []string) []string {
	list = slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == "" })
	if len(list) == 0 {
		return nil
	}
	return list
}
