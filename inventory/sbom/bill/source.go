package bill

import (
	"cmp"
	"strings"

	"plimsoll.dev/plimsoll/inventory"
)

// sources settles what each package of Debian's and Alpine's kind was built from; advisories for rpm
// packages name the packages themselves, so that there it may be unknown. A program that names a source
// for any package of a type names those that differ from the package (syft's purls do), so that
// for the others it is the package itself. If no source is named at all, advisories that speak of
// sources can be missed.
func (f *foreign) sources() {
	for purlType, statements := range f.byType {
		if !isSystemPackage(purlType) {
			continue
		}
		named := false
		for _, s := range statements {
			s.source = sourceOf(s)
			named = named || s.source != nil
		}
		for _, s := range statements {
			if s.source == nil && purlType != "rpm" {
				s.source = &inventory.Source{Name: s.purl.Name, Version: s.version}
				if !named {
					f.sourceless.add(packagesDimension+purlType, "%s: its source package is not named, and advisories may speak of that", s.purl.Name)
				}
			}
		}
	}
}

// sourceOf returns the source package that a component names, nil if it names none.
func sourceOf(s *statement) *inventory.Source {
	list := s.component.Properties
	for _, candidate := range []inventory.Source{
		upstreamOf(s.purl.Qualifier("upstream")),
		{Name: valueOf(list, "syft:metadata:source"), Version: valueOf(list, "syft:metadata:sourceVersion")},
		{Name: valueOf(list, "syft:metadata:originPackage")},
		upstreamOf(valueOf(list, "syft:metadata:sourceRpm")),
		{Name: valueOf(list, "aquasecurity:trivy:SrcName"), Version: trivyVersion(list)},
		deref(s.component.Source),
	} {
		if candidate.Name != "" {
			candidate.Version = cmp.Or(candidate.Version, s.version)
			return &candidate
		}
	}
	return nil
}

// upstreamOf reads NAME, NAME@VERSION, or the file name of a source rpm, of which only the name
// counts: its version is the package's, without the epoch that the file name lacks.
func upstreamOf(upstream string) inventory.Source {
	if file, ok := strings.CutSuffix(upstream, ".src.rpm"); ok {
		for range 2 { // NAME-VERSION-RELEASE
			if file, _, ok = cutLast(file, "-"); !ok {
				return inventory.Source{}
			}
		}
		return inventory.Source{Name: file}
	}
	name, version, _ := strings.Cut(upstream, "@")
	return inventory.Source{Name: name, Version: version}
}

// trivyVersion puts together what trivy takes apart: EPOCH:VERSION-RELEASE.
func trivyVersion(list []Property) string {
	version := valueOf(list, "aquasecurity:trivy:SrcVersion")
	if version == "" {
		return ""
	}
	if release := valueOf(list, "aquasecurity:trivy:SrcRelease"); release != "" {
		version += "-" + release
	}
	if epoch := valueOf(list, "aquasecurity:trivy:SrcEpoch"); epoch != "" && epoch != "0" {
		version = epoch + ":" + version
	}
	return version
}

func deref(s *inventory.Source) inventory.Source {
	if s == nil {
		return inventory.Source{}
	}
	return *s
}
