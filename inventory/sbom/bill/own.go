package bill

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/inventory"
)

// ownFacts reads back what Of wrote. It is strict: a document that was only half understood must
// not be evaluated.
func ownFacts(b *Bill) (inventory.Facts, error) {
	var facts inventory.Facts
	if err := each(b.Properties, documentReader(&facts.Coverage)); err != nil {
		return facts, fmt.Errorf("the document's properties: %w", err)
	}
	if err := each(b.Subject.Properties, subjectReader(&facts)); err != nil {
		return facts, fmt.Errorf("the subject: %w", err)
	}
	facts.Packages = []inventory.Package{}
	for i := range b.Components {
		c := &b.Components[i]
		if c.Kind == System {
			if facts.Distro != nil {
				return facts, fmt.Errorf("component %.80q: it is the second operating system", c.Name)
			}
			facts.Distro = &inventory.Distro{ID: c.Name, VersionID: c.Version, Name: c.Description}
			if err := each(c.Properties, distroReader(facts.Distro)); err != nil {
				return facts, fmt.Errorf("component %.80q: %w", c.Name, err)
			}
			continue
		}
		p, err := ownPackage(c)
		if err != nil {
			return facts, fmt.Errorf("component %.80q: %w", c.Name, err)
		}
		facts.Packages = append(facts.Packages, p)
	}
	slices.SortStableFunc(facts.Packages, inventory.ComparePackages)
	return facts, nil
}

// reader takes in one property; ok is false if it does not know its name.
type reader func(name, value string) (ok bool, err error)

// each hands Plimsoll's own properties to read, in order. Others may add theirs.
func each(list []Property, read reader) error {
	for _, p := range list {
		if !strings.HasPrefix(p.Name, "plimsoll:") {
			continue
		}
		ok, err := read(p.Name, p.Value)
		if err != nil {
			return fmt.Errorf("property %s: %w", p.Name, err)
		}
		if !ok {
			return fmt.Errorf("property %.80q is not known here: was it written by a newer plimsoll?", p.Name)
		}
	}
	return nil
}

func documentReader(coverage *inventory.Coverage) reader {
	return func(name, value string) (bool, error) {
		if name == formVersion && value != currentVersion {
			return true, fmt.Errorf("it is %.40q, want %q: was it written by another plimsoll?", value, currentVersion)
		}
		if name == coverageState {
			return true, readState(coverage, value)
		}
		if name == gapDimension {
			coverage.Gaps = append(coverage.Gaps, inventory.Gap{Dimension: value})
			return true, nil
		}
		last := len(coverage.Gaps) - 1
		if strings.HasPrefix(name, "plimsoll:gap:") && last < 0 {
			return true, fmt.Errorf("no %s stands before it", gapDimension)
		}
		switch name {
		case formVersion:
		case gapCode:
			coverage.Gaps[last].Code = value
		case gapPath:
			coverage.Gaps[last].Path = value
		case gapWhy:
			coverage.Gaps[last].Why = value
		default:
			return false, nil
		}
		return true, nil
	}
}

func readState(coverage *inventory.Coverage, value string) error {
	dimension, word, ok := cutLast(value, " ")
	state := inventory.State(word)
	if !ok || !slices.Contains([]inventory.State{inventory.Full, inventory.Partial, inventory.Unknown, inventory.NotRun}, state) {
		return fmt.Errorf("%.80q is no dimension with full, partial, unknown or not-run", value)
	}
	coverage.Set(dimension, state)
	return nil
}

func cutLast(s, separator string) (before, after string, ok bool) {
	i := strings.LastIndex(s, separator)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(separator):], true
}

func subjectReader(facts *inventory.Facts) reader {
	target := &facts.Target
	readConfig, readFile := configReader(&target.Config), fileReader(&facts.Files)
	return func(name, value string) (bool, error) {
		switch name {
		case targetReference:
			target.Reference = value
		case targetRepository:
			target.Repository = value
		case targetImageID:
			return true, readDigest(&target.ImageID, value)
		case targetDigest:
			return true, readDigest(&target.Digest, value)
		case targetIndexDigest:
			return true, readDigest(&target.IndexDigest, value)
		case targetPlatform:
			target.Platform = value
		case manifestDigest:
			return true, readDigest(&facts.Manifest.Digest, value)
		case manifestFiles:
			n, err := readNumber(value)
			facts.Manifest.Files = int(n)
			return true, err
		case targetInstruction:
			target.Instructions = append(target.Instructions, value)
		case baseName, baseDigest:
			return true, readBase(target, name, value)
		default:
			if strings.HasPrefix(name, layerDiffID) {
				return readLayer(target, name, value)
			}
			if known, err := readFile(name, value); known {
				return known, err
			}
			return readConfig(name, value)
		}
		return true, nil
	}
}

func readBase(target *inventory.Target, name, value string) error {
	if name == baseName {
		target.Base = &inventory.Base{Name: value}
		return nil
	}
	if target.Base == nil {
		return fmt.Errorf("no %s stands before it", baseName)
	}
	return readDigest(&target.Base.Digest, value)
}

// fileReader needs to know which file a mode is of.
func fileReader(facts *inventory.FileFacts) reader {
	var list *[]inventory.File
	return func(name, value string) (bool, error) {
		if (name == fileMode || name == fileLayer) && list == nil {
			return true, fmt.Errorf("neither %s nor %s stands before it", fileSetuid, fileUnowned)
		}
		var err error
		switch name {
		case fileSetuid:
			list = &facts.Setuid
			*list = append(*list, inventory.File{Path: value})
		case fileUnowned:
			list = &facts.Unowned
			*list = append(*list, inventory.File{Path: value})
		case fileMode:
			var mode uint64
			if mode, err = strconv.ParseUint(value, 8, 32); err != nil {
				err = fmt.Errorf("%.40q is no mode in octal digits", value)
			}
			(*list)[len(*list)-1].Mode = uint32(mode)
		case fileLayer:
			err = readDigest(&(*list)[len(*list)-1].Layer, value)
		case unownedCount:
			var count int64
			count, err = readNumber(value)
			facts.UnownedCount = int(count)
		default:
			return false, nil
		}
		return true, err
	}
}

func readLayer(target *inventory.Target, name, value string) (bool, error) {
	if name == layerDiffID {
		var layer inventory.TargetLayer
		err := readDigest(&layer.DiffID, value)
		target.Layers = append(target.Layers, layer)
		return true, err
	}
	if len(target.Layers) == 0 {
		return true, fmt.Errorf("no %s stands before it", layerDiffID)
	}
	layer := &target.Layers[len(target.Layers)-1]
	switch name {
	case layerDigest:
		return true, readDigest(&layer.Digest, value)
	case layerSize:
		n, err := readNumber(value)
		layer.Size = n
		return true, err
	case layerUnpacked:
		n, err := readNumber(value)
		layer.Unpacked = n
		return true, err
	case layerCreatedBy:
		layer.CreatedBy = value
	default:
		return false, nil
	}
	return true, nil
}

// configReader needs to know which label a value is of.
func configReader(config *inventory.TargetConfig) reader {
	label := ""
	return func(name, value string) (bool, error) {
		switch name {
		case configUser:
			config.User = value
		case configEnv:
			config.Env = append(config.Env, value)
		case configEntrypoint:
			config.Entrypoint = append(config.Entrypoint, value)
		case configCmd:
			config.Cmd = append(config.Cmd, value)
		case configPort:
			config.ExposedPorts = append(config.ExposedPorts, value)
		case configLabel:
			if config.Labels == nil {
				config.Labels = map[string]string{}
			}
			label = value
			config.Labels[label] = ""
		case configLabelValue:
			if config.Labels == nil {
				return true, fmt.Errorf("no %s stands before it", configLabel)
			}
			config.Labels[label] = value
		case configHealthcheck:
			config.Healthcheck = value == "true"
		case configCreated:
			config.Created = value
		default:
			return false, nil
		}
		return true, nil
	}
}

func distroReader(distro *inventory.Distro) reader {
	return func(name, value string) (bool, error) {
		switch name {
		case distroCodename:
			distro.Codename = value
		case distroCPE:
			distro.CPE = value
		case distroVariant:
			distro.Variant = value
		case distroLike:
			distro.IDLike = append(distro.IDLike, value)
		case distroEOL:
			distro.EOL = value
		default:
			return false, nil
		}
		return true, nil
	}
}

func ownPackage(c *Component) (inventory.Package, error) {
	purl, err := ecosystem.ParsePURL(c.PURL)
	if err != nil {
		return inventory.Package{}, err
	}
	p := inventory.Package{
		PURL: c.PURL, Type: purl.Type, Name: c.Name, Version: c.Version, Arch: purl.Qualifier("arch"),
		Vendor: c.Supplier, Licenses: c.Licenses,
	}
	err = each(c.Properties, packageReader(&p))
	return p, err
}

func packageReader(p *inventory.Package) reader {
	return func(name, value string) (bool, error) {
		switch name {
		case packageType:
			p.Type = value
		case packageArch:
			p.Arch = value
		case sourceName:
			p.Source = &inventory.Source{Name: value}
		case sourceVersion:
			if p.Source == nil {
				return true, fmt.Errorf("no %s stands before it", sourceName)
			}
			p.Source.Version = value
		case packageModule:
			p.Module = value
		case packageConfidence:
			if p.Confidence = inventory.Confidence(value); p.Confidence != inventory.Low {
				return true, fmt.Errorf("it is %.40q, want %q", value, inventory.Low)
			}
		case packageOwnedBy:
			p.OwnedBy = value
		case locationPath:
			p.Locations = append(p.Locations, inventory.Location{Path: value})
		case locationLayer:
			if len(p.Locations) == 0 {
				return true, fmt.Errorf("no %s stands before it", locationPath)
			}
			return true, readDigest(&p.Locations[len(p.Locations)-1].Layer, value)
		default:
			return false, nil
		}
		return true, nil
	}
}

func readDigest(d *image.Digest, value string) error {
	parsed, err := image.ParseDigest(value)
	*d = parsed
	return err
}

func readNumber(value string) (int64, error) {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%.40q is no number", value)
	}
	return n, nil
}
