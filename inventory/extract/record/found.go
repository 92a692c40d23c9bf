package record

import (
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/inventory"
)

// File is one file of the merged view, with what the extractor said of it.
type File struct {
	// Path is where the file really is, every symbolic link resolved.
	Path string
	// Layer is the index of the layer that the content is from.
	Layer int
	// Read says that the extractor was handed the content. If not, the file is there, and
	// nothing is known of what it holds.
	Read bool
	// Data and Problem are the extractor's result.
	Data    []byte
	Problem string
	// Earlier are the versions of the same path in lower layers, newest first, back to where
	// the file was last created anew.
	Earlier []Earlier
}

// Earlier is a file's content in a lower layer.
type Earlier struct {
	Layer int
	Data  []byte
}

// Found collects what an image holds.
type Found struct {
	Distro *inventory.Distro

	looked   []string        // dimensions
	read     map[string]bool // the purl types of which a file was read whole
	missed   []missed
	diffIDs  []image.Digest
	packages []inventory.Package
	index    map[identity]int // into packages
	owned    []owned
	brought  [][]PathSum      // files of packages, whichever
	folders  map[PathSum]bool // of packages
	links    map[PathSum][]link
}

// identity is what makes two packages one. The name is in it because a purl may fold its case.
type identity struct{ purl, name string }

// NewFound returns an empty Found for an image whose layers have the given diffIDs.
func NewFound(diffIDs []image.Digest) *Found {
	return &Found{diffIDs: diffIDs, index: map[identity]int{}, read: map[string]bool{}, folders: map[PathSum]bool{}, links: map[PathSum][]link{}}
}

// LookedFor records that packages of a purl type were looked for everywhere.
func (f *Found) LookedFor(purlType string) {
	f.looked = append(f.looked, dimension(purlType))
}

// Missed records that not all packages of a purl type are known.
func (f *Found) Missed(purlType, code, path, why string, state inventory.State) {
	f.AddGap(inventory.Gap{Dimension: dimension(purlType), Code: code, Path: path, Why: why}, state)
}

// AddGap records a gap in any dimension.
func (f *Found) AddGap(gap inventory.Gap, state inventory.State) {
	f.missed = append(f.missed, missed{gap, state})
}

// missed is a gap and what it makes of its dimension.
type missed struct {
	gap   inventory.Gap
	state inventory.State
}

// Coverage returns how much is known. A gap in what a package of the distribution brought is
// named and lowers nothing: that package is known, and its advisories speak of what is in it. Go
// and Rust programs are another matter, as no distribution's advisories speak of their modules.
func (f *Found) Coverage() inventory.Coverage {
	var coverage inventory.Coverage
	for _, dimension := range f.looked {
		coverage.Set(dimension, inventory.Full)
	}
	var paths []string
	for _, m := range f.missed {
		paths = append(paths, outermost(m.gap.Path))
	}
	owners := f.owners(paths)
	for _, m := range f.missed {
		purlType := strings.TrimPrefix(m.gap.Dimension, dimension(""))
		isOwned := owners[outermost(m.gap.Path)] != "" && !OfSystem(purlType) && purlType != "golang" && purlType != "cargo"
		if isOwned {
			m.state = inventory.Full
		}
		coverage.AddGap(m.gap, m.state)
	}
	return coverage
}

func dimension(purlType string) string { return "packages/" + purlType }

// Add records that a package is at a path, since a layer. A package that is in several places
// is listed once.
func (f *Found) Add(p inventory.Package, path string, layer int) {
	location := inventory.Location{Path: path}
	if layer >= 0 && layer < len(f.diffIDs) {
		location.Layer = f.diffIDs[layer]
	}
	id := identity{p.PURL, p.Name}
	i, known := f.index[id]
	if !known {
		i = len(f.packages)
		f.index[id] = i
		f.packages = append(f.packages, p)
	}
	f.packages[i].Locations = append(f.packages[i].Locations, location)
}

// AddContents records the packages and gaps of a file, each package since the layer in which it
// first appeared. purl names a package; one that it gives no name is left out.
func (f *Found) AddContents(file File, purlType string, purl func(Package) string) {
	contents, ok := f.Contents(file, purlType)
	if !ok {
		return
	}
	since := firstLayers(contents.Packages, file)
	for i, p := range contents.Packages {
		name := purl(p)
		if name == "" {
			continue
		}
		f.Add(p.Listed(name, purlType), Within(file.Path, p.Inside), since[i])
		f.addOwned(name, p.Owns)
	}
}

// Listed is the package as a report has it.
func (p Package) Listed(purl, purlType string) inventory.Package {
	listed := inventory.Package{
		PURL: purl, Type: purlType, Name: p.Name, Version: p.Version, Arch: p.Arch,
		Module: p.Module, Vendor: p.Vendor, Licenses: p.Licenses,
	}
	if p.SourceName != "" {
		listed.Source = &inventory.Source{Name: p.SourceName, Version: p.SourceVersion}
	}
	if p.Guessed {
		listed.Confidence = inventory.Low
	}
	return listed
}

// Contents decodes a file's result and records what keeps it from being whole.
func (f *Found) Contents(file File, purlType string) (Contents, bool) {
	missed := func(why string) {
		f.Missed(purlType, UnreadableDatabase, file.Path, why, inventory.Partial)
	}
	if !file.Read {
		missed("it was not read")
		return Contents{}, false
	}
	if file.Problem != "" {
		missed(file.Problem)
	}
	if file.Data == nil {
		return Contents{}, false
	}
	contents, err := Decode(file.Data)
	if err != nil {
		missed(err.Error())
		return Contents{}, false
	}
	if contents.Again {
		missed("it was seen in passing and not read")
		return Contents{}, false
	}
	f.read[purlType] = f.read[purlType] || file.Problem == ""
	for _, g := range contents.Gaps {
		state := inventory.Partial
		if g.Complete {
			state = inventory.Full
		}
		f.Missed(purlType, g.Code, file.Path, g.Why, state)
	}
	return contents, true
}

// Packages returns what was added, in the order of inventory.ComparePackages.
func (f *Found) Packages() []inventory.Package {
	sorted := slices.Clone(f.packages)
	for i := range sorted {
		locations := slices.Clone(sorted[i].Locations)
		slices.SortFunc(locations, func(a, b inventory.Location) int {
			if c := strings.Compare(a.Path, b.Path); c != 0 {
				return c
			}
			return strings.Compare(a.Layer.String(), b.Layer.String())
		})
		sorted[i].Locations = slices.Compact(locations)
	}
	sorted = f.byOwner(sorted)
	slices.SortFunc(sorted, inventory.ComparePackages)
	return sorted
}

// DistroTag returns the distribution's id and the tag that purls carry in the qualifier
// "distro", such as debian and debian-12. Both are empty if the distribution is not known.
func (f *Found) DistroTag() (id, tag string) {
	if f.Distro == nil {
		return "", ""
	}
	if f.Distro.VersionID == "" {
		return f.Distro.ID, f.Distro.ID
	}
	return f.Distro.ID, f.Distro.ID + "-" + f.Distro.VersionID
}
