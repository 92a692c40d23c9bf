package bill

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/inventory"
)

// Of returns the bill of what facts hold. The packages are listed in the order of
// inventory.ComparePackages.
func Of(facts inventory.Facts) *Bill {
	b := &Bill{Subject: subjectOf(facts), Properties: documentOf(facts.Coverage), Complete: CompletenessOf(facts.Coverage)}
	if facts.Distro != nil {
		b.Components = append(b.Components, systemOf(*facts.Distro))
	}
	for _, p := range slices.SortedFunc(slices.Values(facts.Packages), inventory.ComparePackages) {
		b.Components = append(b.Components, componentOf(p))
	}
	return b
}

// documentOf says how much was understood.
func documentOf(coverage inventory.Coverage) []Property {
	list := properties{{formVersion, currentVersion}}
	for _, dimension := range slices.Sorted(maps.Keys(coverage.States)) {
		list.add(coverageState, dimension+" "+string(coverage.States[dimension]))
	}
	for _, gap := range slices.SortedFunc(slices.Values(coverage.Gaps), inventory.CompareGaps) {
		list.always(gapDimension, gap.Dimension)
		list.add(gapCode, gap.Code)
		list.add(gapPath, gap.Path)
		list.add(gapWhy, gap.Why)
	}
	return list
}

// CompletenessOf is Complete only if every kind of package was seen in full.
func CompletenessOf(coverage inventory.Coverage) Completeness {
	seen := false
	for dimension, state := range coverage.States {
		if !strings.HasPrefix(dimension, packagesDimension) {
			continue
		}
		if state != inventory.Full {
			return Incomplete
		}
		seen = true
	}
	if !seen {
		return ""
	}
	return Complete
}

// subjectOf is the image. Its version is the digest under which it can be fetched, else the one of
// its configuration.
func subjectOf(facts inventory.Facts) Component {
	target := facts.Target
	var list properties
	list.add(targetReference, target.Reference)
	list.add(targetRepository, target.Repository)
	list.add(targetImageID, target.ImageID.String())
	list.add(targetDigest, target.Digest.String())
	list.add(targetIndexDigest, target.IndexDigest.String())
	list.add(targetPlatform, target.Platform)
	list.config(target.Config)
	for _, layer := range target.Layers {
		list.always(layerDiffID, layer.DiffID.String())
		list.add(layerDigest, layer.Digest.String())
		if layer.Size != 0 {
			list.add(layerSize, strconv.FormatInt(layer.Size, 10))
		}
		if layer.Unpacked != 0 {
			list.add(layerUnpacked, strconv.FormatInt(layer.Unpacked, 10))
		}
		list.add(layerCreatedBy, layer.CreatedBy)
	}
	list.each(targetInstruction, target.Instructions)
	if target.Base != nil {
		list.always(baseName, target.Base.Name)
		list.add(baseDigest, target.Base.Digest.String())
	}
	if facts.Manifest != (inventory.ManifestRef{}) {
		list.add(manifestDigest, facts.Manifest.Digest.String())
		list.add(manifestFiles, strconv.Itoa(facts.Manifest.Files))
	}
	list.files(facts.Files)
	return Component{
		Kind:       Container,
		Name:       cmp.Or(target.Repository, target.Reference, target.ImageID.String(), "image"),
		Version:    cmp.Or(target.Digest.String(), target.ImageID.String()),
		Properties: list,
	}
}

func (p *properties) config(config inventory.TargetConfig) {
	p.add(configUser, config.User)
	p.each(configEnv, config.Env)
	p.each(configEntrypoint, config.Entrypoint)
	p.each(configCmd, config.Cmd)
	p.each(configPort, config.ExposedPorts)
	for _, name := range slices.Sorted(maps.Keys(config.Labels)) {
		p.always(configLabel, name)
		p.add(configLabelValue, config.Labels[name])
	}
	if config.Healthcheck {
		p.add(configHealthcheck, "true")
	}
	p.add(configCreated, config.Created)
}

func (p *properties) files(facts inventory.FileFacts) {
	each := func(name string, files []inventory.File) {
		for _, file := range files {
			p.always(name, file.Path)
			p.always(fileMode, strconv.FormatUint(uint64(file.Mode), 8))
			p.add(fileLayer, file.Layer.String())
		}
	}
	each(fileSetuid, facts.Setuid)
	each(fileUnowned, facts.Unowned)
	if facts.UnownedCount != 0 {
		p.always(unownedCount, strconv.Itoa(facts.UnownedCount))
	}
}

func systemOf(distro inventory.Distro) Component {
	var list properties
	list.add(distroCodename, distro.Codename)
	list.add(distroCPE, distro.CPE)
	list.add(distroVariant, distro.Variant)
	list.each(distroLike, distro.IDLike)
	list.add(distroEOL, distro.EOL)
	return Component{Kind: System, Name: distro.ID, Version: distro.VersionID, Description: distro.Name, Properties: list}
}

func componentOf(p inventory.Package) Component {
	var list properties
	purl, _ := ecosystem.ParsePURL(p.PURL) // one that cannot be read has neither type nor architecture
	if p.Type != purl.Type {
		list.always(packageType, p.Type)
	}
	if p.Arch != purl.Qualifier("arch") {
		list.always(packageArch, p.Arch)
	}
	if p.Source != nil {
		list.always(sourceName, p.Source.Name)
		list.add(sourceVersion, p.Source.Version)
	}
	list.add(packageModule, p.Module)
	list.add(packageConfidence, string(p.Confidence))
	list.add(packageOwnedBy, p.OwnedBy)
	for _, location := range p.Locations {
		list.always(locationPath, location.Path)
		list.add(locationLayer, location.Layer.String())
	}
	return Component{
		Kind: Library, Name: p.Name, Version: p.Version, PURL: p.PURL, Supplier: p.Vendor,
		Licenses: p.Licenses, Source: p.Source, Properties: list,
	}
}
