package bill

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/inventory"
)

// systemDistro reads a component of type operating-system. syft repeats os-release in properties.
func systemDistro(c *Component) inventory.Distro {
	d := inventory.Distro{ID: idOf(c.Name), VersionID: c.Version, Name: c.Description}
	for _, p := range c.Properties {
		switch {
		case p.Value == "":
		case p.Name == "syft:distro:id":
			d.ID = p.Value
		case p.Name == "syft:distro:versionID":
			d.VersionID = p.Value
		case p.Name == "syft:distro:prettyName":
			d.Name = p.Value
		case p.Name == "syft:distro:versionCodename":
			d.Codename = p.Value
		case strings.HasPrefix(p.Name, "syft:distro:idLike:"):
			d.IDLike = append(d.IDLike, p.Value)
		}
	}
	return d
}

// idOf is the ID of os-release for a distribution's name; trivy has names of its own for some
// (trivy, pkg/fanal/types/const.go).
func idOf(name string) string {
	name = strings.ToLower(name)
	switch name {
	case "redhat":
		return "rhel"
	case "amazon":
		return "amzn"
	case "oracle":
		return "ol"
	case "alma":
		return "almalinux"
	case "cbl-mariner":
		return "mariner"
	case "opensuse.leap":
		return "opensuse-leap"
	case "opensuse.tumbleweed":
		return "opensuse-tumbleweed"
	case "suse linux enterprise server":
		return "sles"
	default:
		return name
	}
}

// distribution settles which distribution the packages are of: the one that is a component, else
// the one in the qualifiers of package URLs. Of two nothing can be said.
func (f *foreign) distribution() {
	found := f.systems
	if len(found) == 0 {
		found = f.tagged()
	}
	switch len(found) {
	case 0:
	case 1:
		if found[0].ID != "" {
			d := &found[0]
			d.EOL = ecosystem.EndOfSupport(ecosystem.Release{ID: d.ID, VersionID: d.VersionID, Name: d.Name})
			f.facts.Distro = d
		}
	default:
		names := make([]string, len(found))
		for i, d := range found {
			names[i] = strings.TrimSpace(d.ID + " " + d.VersionID)
		}
		for _, purlType := range slices.Sorted(maps.Keys(f.byType)) {
			if isSystemPackage(purlType) {
				f.facts.Coverage.AddGap(inventory.Gap{Dimension: packagesDimension + purlType, Code: AmbiguousDistribution,
					Why: fmt.Sprintf("more than one distribution is named: %s", strings.Join(names[:min(len(names), 4)], ", "))}, inventory.Unknown)
			}
		}
	}
}

// tagged returns the distributions that package URLs name, in the order in which they do:
// alpine-3.20.3 (syft), or 3.20.3 alone below the namespace alpine (trivy).
func (f *foreign) tagged() []inventory.Distro {
	var found []inventory.Distro
	seen := map[string]bool{}
	for _, s := range f.statements {
		tag := s.purl.Qualifier("distro")
		if tag == "" || !isSystemPackage(s.purl.Type) {
			continue
		}
		id, version, ok := cutLast(tag, "-")
		if !ok && tag[0] >= '0' && tag[0] <= '9' {
			id, version = s.purl.Namespace, tag
		}
		id = idOf(id)
		if key := id + " " + version; !seen[key] {
			seen[key] = true
			found = append(found, inventory.Distro{ID: id, VersionID: version})
		}
	}
	return found
}
