package policy

import (
	"fmt"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/inventory"
)

// environment is what expressions can speak of: the types, the variables and the functions. It
// is made once for all expressions of a file.
type environment struct {
	cel       *cel.Env
	objects   []*objectType
	variables []variable

	finding, pkg, file, image, distro, files, database *objectType
	attestation                                        *objectType
}

// variable is one name that expressions can use.
type variable struct {
	name string
	typ  *types.Type
	says string
}

func newEnvironment() (*environment, error) {
	e := &environment{}
	e.pkg = packageType()
	e.finding = e.findingType()
	e.file = fileType()
	e.image, e.distro, e.files, e.database = imageType(), distroType(), e.filesType(), databaseType()
	sbom, verdict := sbomType(), verdictType()
	e.attestation = attestationType(sbom, verdict)
	e.objects = []*objectType{e.finding, e.pkg, e.file, e.files, e.image, e.distro, e.database, e.attestation, sbom, verdict}
	e.variables = []variable{
		{"f", e.finding.typ, "the finding that is asked about; only in where"},
		{"image", e.image.typ, "the image"},
		{"distro", e.distro.typ, "its distribution"},
		{"packages", types.NewListType(e.pkg.typ), "its packages"},
		{"findings", types.NewListType(e.finding.typ), "what is wrong with it: what is waived, fixed or not affected is left out"},
		{"files", e.files.typ, "files that deserve a look"},
		{"coverage", types.NewMapType(types.StringType, types.StringType), "dimension → full, partial, not-run or unknown"},
		{"database", e.database.typ, "the advisory database"},
		{"now", types.TimestampType, "the time of the evaluation"},
		{evidenceVariable, types.NewListType(e.attestation.typ), "what is said of the image and was verified; a rule that depends on it is deferred until it is gathered. Where not all could be read, what `exists` does not find is not known, and neither is their number"},
		{"workload", types.NewMapType(types.StringType, types.DynType), "what runs it; not known before the image is admitted: a rule that depends on it is deferred"},
	}
	registry, err := types.NewRegistry()
	if err != nil {
		return nil, err
	}
	options := []cel.EnvOption{
		// The library adds types of its own to a registry, and to nothing that wraps one.
		cel.CustomTypeProvider(registry), cel.CustomTypeAdapter(registry), cel.OptionalTypes(),
		cel.CustomTypeProvider(provider{registry, e.objects}),
		cel.DefaultUTCTimeZone(true),
		cel.ParserExpressionSizeLimit(longestExpression), cel.ParserRecursionLimit(deepestExpression),
		cel.ExpressionNestingDepthLimit(deepestExpression), cel.RegexProgramSizeLimit(1000),
		// The row of a test of package or file: not for policies, whose rules say so with deny.
		cel.Variable("p", e.pkg.typ), cel.Variable("file", e.file.typ),
	}
	for _, v := range e.variables {
		options = append(options, cel.Variable(v.name, v.typ))
	}
	e.cel, err = cel.NewEnv(append(options, e.functions()...)...)
	return e, err
}

const (
	longestExpression = 4096 // characters
	deepestExpression = 64   // operators and brackets inside one another
)

// function is one function of ours.
type function struct {
	name, signature, says string
	option                cel.EnvOption
}

func (e *environment) functions() []cel.EnvOption {
	var options []cel.EnvOption
	for _, f := range e.functionList() {
		options = append(options, f.option)
	}
	return options
}

func (e *environment) functionList() []function {
	binary := func(name string, left, right *types.Type, call func(left, right ref.Val) ref.Val) cel.EnvOption {
		return cel.Function(name, cel.MemberOverload(fmt.Sprintf("%s_%s", left.TypeName(), name), []*types.Type{left, right}, types.BoolType, cel.BinaryBinding(call)))
	}
	text, texts := types.StringType, types.NewListType(types.StringType)
	dictionary := types.NewMapType(types.StringType, types.StringType)
	return []function{
		{"like", "string.like(pattern)", "whether the whole text is what the pattern stands for; * stands within one path segment, ** for anything",
			binary("like", text, text, withPattern(parseGlob, func(value ref.Val, g glob) bool { return g.matches(string(value.(types.String))) }))},
		{"named", "Package.named(pattern)", "whether the pattern of package URLs means the package or its source",
			binary("named", e.pkg.typ, text, withPattern(parsePackageGlob, func(value ref.Val, g packageGlob) bool { return value.(*object).value.(packageRow).name.matches(g) }))},
		{"entry", "map.entry(pattern)", "whether the map has an entry key, or key=value",
			binary("entry", dictionary, text, withPattern(parseLabelGlob, func(value ref.Val, g labelGlob) bool {
				labels, _ := value.Value().(map[string]string)
				return g.in(labels)
			}))},
		{"complete", "coverage.complete(dimension)", "whether a dimension, or all of its kind, is full",
			binary("complete", dictionary, text, func(left, right ref.Val) ref.Val {
				states, _ := left.Value().(map[string]string)
				c := inventory.Coverage{States: map[string]inventory.State{}}
				for dimension, state := range states {
					c.States[dimension] = inventory.State(state)
				}
				return types.Bool(complete(c, string(right.(types.String))))
			})},
		{"needs", "Package.needs(patterns)", "whether the package cannot be used without a licence of the list", binary("needs", e.pkg.typ, texts, withLicenses(needs))},
		{"signedBy", "evidence.signedBy(names, number)", "whether so many of the names have signed the image", e.signedBy()},
		{"usable", "Package.usable(patterns)", "whether the package can be used under licences of the list alone", binary("usable", e.pkg.typ, texts, withLicenses(usable))},
	}
}

// withPattern makes a function of one that compares with a pattern.
func withPattern[G any](parse func(string) (G, error), matches func(ref.Val, G) bool) func(left, right ref.Val) ref.Val {
	return func(left, right ref.Val) ref.Val {
		g, err := parse(string(right.(types.String)))
		if err != nil {
			return types.WrapErr(err)
		}
		return types.Bool(matches(left, g))
	}
}

func withLicenses(ask func(licenses []string, list []glob) bool) func(left, right ref.Val) ref.Val {
	return func(left, right ref.Val) ref.Val {
		row := left.(*object).value.(packageRow)
		if row.pkg == nil || len(row.pkg.Licenses) == 0 {
			return notKnown("Package.licenses")
		}
		var list []glob
		for it := right.(traits.Lister).Iterator(); it.HasNext() == types.True; {
			text, ok := it.Next().(types.String)
			if !ok {
				return types.NewErr("a licence's pattern is no text")
			}
			g, err := parseGlob(string(text))
			if err != nil {
				return types.WrapErr(err)
			}
			list = append(list, g)
		}
		return types.Bool(ask(row.pkg.Licenses, list))
	}
}

// findingRow, packageRow and fileRow are the values behind the objects.
type (
	findingRow struct {
		q *question
		e *environment
	}
	packageRow struct {
		name packageName
		purl string
		pkg  *inventory.Package // nil if the facts do not know it
	}
)

func (e *environment) findingOf(q *question) *object { return &object{e.finding, findingRow{q, e}} }

func (e *environment) packageOf(s *subject, purl string) (*object, bool) {
	name, ok := s.nameOfPURL(purl)
	return &object{e.pkg, packageRow{name, purl, s.packages[purl]}}, ok
}

func (e *environment) findingType() *objectType {
	texts := types.NewListType(types.StringType)
	of := func(get func(f *finding.Finding) ref.Val) func(any) ref.Val {
		return func(v any) ref.Val { return get(v.(findingRow).q.finding) }
	}
	return newObjectType("Finding",
		objectMember{"kind", types.StringType, "vulnerability or config", of(func(f *finding.Finding) ref.Val { return valueOf(string(f.Kind)) })},
		objectMember{"id", types.StringType, "its id, such as CVE-2024-0001 or user-root", of(func(f *finding.Finding) ref.Val { return valueOf(f.ID) })},
		objectMember{"names", texts, "its id, its aliases and the advisories that speak of it", of(func(f *finding.Finding) ref.Val {
			return listOf(slices.Concat([]string{f.ID}, f.Aliases, f.Advisories))
		})},
		objectMember{"title", types.StringType, "what it is, in words", of(func(f *finding.Finding) ref.Val { return stated(f.Title) })},
		objectMember{"severity", types.StringType, "critical, high, medium, low or negligible; what nobody has rated is what defaults.unknownSeverity says, else not known", func(v any) ref.Val {
			row := v.(findingRow)
			severity := row.q.finding.Severity
			if severity == 0 {
				severity = row.q.defaults.unknownSeverity
			}
			if severity == 0 {
				return nil
			}
			return valueOf(severity.String())
		}},
		objectMember{"rated", types.BoolType, "whether anybody has rated it", of(func(f *finding.Finding) ref.Val { return types.Bool(f.Severity != 0) })},
		objectMember{"status", types.StringType, "affected or under_investigation", func(v any) ref.Val {
			q := v.(findingRow).q
			return valueOf(string(q.s.statusOf(q.finding)))
		}},
		objectMember{"package", e.pkg.typ, "the package that it is in", func(v any) ref.Val {
			row := v.(findingRow)
			if row.q.finding.Kind != finding.Vulnerability {
				return nil
			}
			p, ok := row.e.packageOf(row.q.s, row.q.finding.Package)
			if !ok {
				return nil
			}
			return p
		}},
		objectMember{"kev", types.BoolType, "whether it is known to be exploited; not known if the database does not hold what is", func(v any) ref.Val {
			q := v.(findingRow).q
			if _, known := q.s.source(exploitedSource); !known || q.finding.Kind != finding.Vulnerability {
				return nil
			}
			return types.Bool(q.finding.KEV)
		}},
		objectMember{"epss", types.DoubleType, "EPSS score, 0 to 1", of(func(f *finding.Finding) ref.Val { return statedNumber(f.EPSS) })},
		objectMember{"cvss", types.DoubleType, "the highest CVSS score, 0 to 10", of(func(f *finding.Finding) ref.Val { return statedNumber(highestScore(f, "")) })},
		objectMember{"nvdCvss", types.DoubleType, "NVD's CVSS score", of(func(f *finding.Finding) ref.Val { return statedNumber(highestScore(f, "nvd")) })},
		objectMember{"fixable", types.BoolType, "whether a version with a fix is known", of(func(f *finding.Finding) ref.Val {
			if fixable(f) == undecided {
				return nil
			}
			return types.Bool(fixable(f) == yes)
		})},
		objectMember{"fixState", types.StringType, "fixed, not-fixed, wont-fix (whoever issues the advisories will not), deferred (not soon)", of(func(f *finding.Finding) ref.Val { return stated(string(f.FixState)) })},
		objectMember{"fixedIn", texts, "versions with a fix", of(func(f *finding.Finding) ref.Val { return listOf(f.FixedIn) })},
		objectMember{"fixKnownSince", types.TimestampType, "since when there is a fix", of(func(f *finding.Finding) ref.Val { return statedMoment(f.FixKnownSince) })},
		objectMember{"published", types.TimestampType, "when it was published", of(func(f *finding.Finding) ref.Val { return statedMoment(f.Published) })},
	)
}

func packageType() *objectType {
	of := func(get func(p *inventory.Package) ref.Val) func(any) ref.Val {
		return func(v any) ref.Val {
			if p := v.(packageRow).pkg; p != nil {
				return get(p)
			}
			return nil
		}
	}
	return newObjectType("Package",
		objectMember{"purl", types.StringType, "its package URL", func(v any) ref.Val { return valueOf(v.(packageRow).purl) }},
		objectMember{"type", types.StringType, "type of the package URL: deb, golang, npm", of(func(p *inventory.Package) ref.Val { return valueOf(p.Type) })},
		objectMember{"name", types.StringType, "its name", of(func(p *inventory.Package) ref.Val { return valueOf(p.Name) })},
		objectMember{"version", types.StringType, "its version", of(func(p *inventory.Package) ref.Val { return stated(p.Version) })},
		objectMember{"arch", types.StringType, "its architecture", of(func(p *inventory.Package) ref.Val { return stated(p.Arch) })},
		objectMember{"source", types.StringType, "the name of its source package, else its own", of(func(p *inventory.Package) ref.Val {
			if p.Source == nil {
				return valueOf(p.Name)
			}
			return valueOf(p.Source.Name)
		})},
		objectMember{"licenses", types.NewListType(types.StringType), "its licences", of(func(p *inventory.Package) ref.Val {
			if len(p.Licenses) == 0 {
				return nil
			}
			return listOf(p.Licenses)
		})},
		objectMember{"ownedBy", types.StringType, "package URL of the distribution's package that brought it", of(func(p *inventory.Package) ref.Val { return valueOf(p.OwnedBy) })},
	)
}

func fileType() *objectType {
	return newObjectType("File",
		objectMember{"path", types.StringType, "its path, from /", func(v any) ref.Val { return valueOf(absolute(v.(*inventory.File).Path)) }},
		objectMember{"mode", types.IntType, "its permission bits: setuid 2048, setgid 1024", func(v any) ref.Val { return types.Int(v.(*inventory.File).Mode) }},
	)
}

func (e *environment) filesType() *objectType {
	list := func(files []inventory.File) ref.Val {
		values := make([]ref.Val, len(files))
		for i := range files {
			values[i] = &object{e.file, &files[i]}
		}
		return objects(values)
	}
	return newObjectType("Files",
		objectMember{"setuid", types.NewListType(e.file.typ), "files with the setuid or setgid bit", func(v any) ref.Val { return list(v.(*subject).facts.Files.Setuid) }},
		objectMember{"unowned", types.NewListType(e.file.typ), "executable files that no package brought; the first 1,000", func(v any) ref.Val { return list(v.(*subject).facts.Files.Unowned) }},
		objectMember{"unownedCount", types.IntType, "how many there are in all", func(v any) ref.Val { return types.Int(v.(*subject).facts.Files.UnownedCount) }},
	)
}

func imageType() *objectType {
	of := func(get func(s *subject) ref.Val) func(any) ref.Val {
		return func(v any) ref.Val { return get(v.(*subject)) }
	}
	config := func(get func(c inventory.TargetConfig) ref.Val) func(any) ref.Val {
		return func(v any) ref.Val {
			s := v.(*subject)
			if !s.isImage() {
				return nil
			}
			return get(s.config)
		}
	}
	texts := types.NewListType(types.StringType)
	return newObjectType("Image",
		objectMember{"registry", types.StringType, "the registry's host", of(func(s *subject) ref.Val { return stated(s.image.registry) })},
		objectMember{"repository", types.StringType, "its name below the registry", of(func(s *subject) ref.Val { return stated(s.image.repository) })},
		objectMember{"tag", types.StringType, "its tag", of(func(s *subject) ref.Val { return stated(s.image.tag) })},
		objectMember{"pinned", types.BoolType, "whether the name that was asked for has a digest", of(func(s *subject) ref.Val {
			if s.image.repository == "" {
				return nil
			}
			return types.Bool(s.image.pinned)
		})},
		objectMember{"platform", types.StringType, "such as linux/amd64", of(func(s *subject) ref.Val { return stated(s.image.platform) })},
		objectMember{"os", types.StringType, "such as debian:12; none if it names no distribution", of(func(s *subject) ref.Val { return stated(s.image.os) })},
		objectMember{"base", types.StringType, "the image that it was built from", of(func(s *subject) ref.Val { return stated(s.image.base) })},
		objectMember{"user", types.StringType, "the user without the group; root in whatever spelling", of(func(s *subject) ref.Val { return stated(s.image.user) })},
		objectMember{"labels", types.NewMapType(types.StringType, types.StringType), "its labels", config(func(c inventory.TargetConfig) ref.Val { return mapOf(c.Labels) })},
		objectMember{"env", texts, "its variables: NAME=value", config(func(c inventory.TargetConfig) ref.Val { return listOf(c.Env) })},
		objectMember{"exposedPorts", texts, "its ports: number/protocol", config(func(c inventory.TargetConfig) ref.Val { return listOf(c.ExposedPorts) })},
		objectMember{"entrypoint", texts, "its entry point", config(func(c inventory.TargetConfig) ref.Val { return listOf(c.Entrypoint) })},
		objectMember{"healthcheck", types.BoolType, "whether it has a health check", config(func(c inventory.TargetConfig) ref.Val { return types.Bool(c.Healthcheck) })},
		objectMember{"instructions", texts, "the lines of its Dockerfile", of(func(s *subject) ref.Val {
			if len(s.facts.Target.Instructions) == 0 {
				return nil
			}
			return listOf(s.facts.Target.Instructions)
		})},
		objectMember{"created", types.TimestampType, "when it was built", of(func(s *subject) ref.Val { return statedTime(s.image.created) })},
		objectMember{"scanned", types.TimestampType, "when it was scanned", of(func(s *subject) ref.Val { return statedTime(s.scanned) })},
		objectMember{"size", types.IntType, "bytes of its layers, unpacked", of(func(s *subject) ref.Val {
			if s.image.size == 0 {
				return nil
			}
			return types.Int(s.image.size)
		})},
		objectMember{"layers", types.IntType, "how many layers it has", of(func(s *subject) ref.Val {
			if len(s.facts.Target.Layers) == 0 {
				return nil
			}
			return types.Int(len(s.facts.Target.Layers))
		})},
	)
}

func distroType() *objectType {
	of := func(get func(d *inventory.Distro) ref.Val) func(any) ref.Val {
		return func(v any) ref.Val {
			if d := v.(*subject).facts.Distro; d != nil {
				return get(d)
			}
			return nil
		}
	}
	return newObjectType("Distro",
		objectMember{"id", types.StringType, "such as debian", of(func(d *inventory.Distro) ref.Val { return valueOf(d.ID) })},
		objectMember{"version", types.StringType, "such as 12", of(func(d *inventory.Distro) ref.Val { return stated(d.VersionID) })},
		objectMember{"eol", types.TimestampType, "from when on the release gets no more fixes", func(v any) ref.Val { return statedTime(v.(*subject).image.eol) }},
	)
}

func databaseType() *objectType {
	return newObjectType("Database",
		objectMember{"asOf", types.TimestampType, "when the source that was used and checked longest ago was checked", func(v any) ref.Val { return statedTime(v.(*subject).databaseAsOf()) }},
	)
}
