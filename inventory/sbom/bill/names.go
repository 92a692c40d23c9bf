package bill

// The names of the properties, as docs/contract.md lists them.
const (
	// formVersion says that the document is one of Plimsoll's own, and which form it has.
	formVersion    = "plimsoll:facts"
	currentVersion = "1"

	coverageState = "plimsoll:coverage" // DIMENSION STATE
	gapDimension  = "plimsoll:gap:dimension"
	gapCode       = "plimsoll:gap:code"
	gapPath       = "plimsoll:gap:path"
	gapWhy        = "plimsoll:gap:why"

	targetReference   = "plimsoll:reference"
	targetRepository  = "plimsoll:repository"
	targetImageID     = "plimsoll:imageID"
	targetDigest      = "plimsoll:digest"
	targetIndexDigest = "plimsoll:indexDigest"
	targetPlatform    = "plimsoll:platform"
	configUser        = "plimsoll:config:user"
	configEnv         = "plimsoll:config:env"
	configEntrypoint  = "plimsoll:config:entrypoint"
	configCmd         = "plimsoll:config:cmd"
	configPort        = "plimsoll:config:exposedPort"
	configLabel       = "plimsoll:config:label"
	configLabelValue  = "plimsoll:config:label:value"
	configHealthcheck = "plimsoll:config:healthcheck"
	configCreated     = "plimsoll:config:created"
	layerDiffID       = "plimsoll:layer"
	layerDigest       = "plimsoll:layer:digest"
	layerSize         = "plimsoll:layer:size"
	layerUnpacked     = "plimsoll:layer:unpacked"
	layerCreatedBy    = "plimsoll:layer:createdBy"
	targetInstruction = "plimsoll:instruction"
	baseName          = "plimsoll:base:name"
	baseDigest        = "plimsoll:base:digest"
	manifestDigest    = "plimsoll:manifest:digest"
	manifestFiles     = "plimsoll:manifest:files"
	fileSetuid        = "plimsoll:file:setuid"  // a path, as is the next
	fileUnowned       = "plimsoll:file:unowned" // what follows is of the last path
	fileMode          = "plimsoll:file:mode"    // in octal digits
	fileLayer         = "plimsoll:file:layer"
	unownedCount      = "plimsoll:unownedCount"

	distroCodename = "plimsoll:distro:codename"
	distroCPE      = "plimsoll:distro:cpe"
	distroVariant  = "plimsoll:distro:variant"
	distroLike     = "plimsoll:distro:idLike"
	distroEOL      = "plimsoll:distro:eol"

	packageType       = "plimsoll:type" // if it is not the purl's
	packageArch       = "plimsoll:arch" // if it is not the purl's
	sourceName        = "plimsoll:source:name"
	sourceVersion     = "plimsoll:source:version"
	packageModule     = "plimsoll:module"
	packageConfidence = "plimsoll:confidence"
	packageOwnedBy    = "plimsoll:ownedBy"
	locationPath      = "plimsoll:location:path"
	locationLayer     = "plimsoll:location:layer"
)

// properties collects properties in order.
type properties []Property

// add leaves out what is not known.
func (p *properties) add(name, value string) {
	if value != "" {
		p.always(name, value)
	}
}

// each adds the members of a list, of which empty ones count.
func (p *properties) each(name string, values []string) {
	for _, value := range values {
		p.always(name, value)
	}
}

func (p *properties) always(name, value string) { *p = append(*p, Property{name, value}) }
