package rpm

import (
	"path"
	"strings"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// Assemble implements extract.Extractor. The list that tells no epochs counts only if there is
// nothing better.
func (Extractor) Assemble(files []record.File, found *record.Found) {
	found.LookedFor(purlType)
	a := assembly{found: found, byPath: map[string]record.File{}}
	a.distroID, a.distroTag = found.DistroTag()
	for _, file := range files {
		a.byPath[file.Path] = file
	}
	for _, file := range files {
		isPart := strings.HasSuffix(file.Path, logSuffix) || strings.HasSuffix(file.Path, journalSuffix)
		isWorse := path.Base(file.Path) == manifests()[1] && a.listed
		if !isPart && !isWorse {
			a.add(file)
		}
	}
	for _, file := range files {
		name, isLog := strings.CutSuffix(file.Path, logSuffix)
		if _, there := a.byPath[name]; isLog && !there && !a.listed {
			a.missed(file, "the database that it is the log of is not there")
		}
	}
}

// assembly is the state of one Assemble.
type assembly struct {
	found               *record.Found
	distroID, distroTag string
	byPath              map[string]record.File
	listed              bool // some file lists packages
}

func (a *assembly) missed(file record.File, why string) {
	a.found.Missed(purlType, record.UnreadableDatabase, file.Path, why, inventory.Partial)
}

// add adds what one file, and for a database the files beside it, say.
func (a *assembly) add(file record.File) {
	isList := false
	if file.Read && file.Data != nil {
		contents, f, _, err := split(file.Data)
		isList = f == manifest
		switch {
		case err != nil:
			a.missed(file, err.Error())
			return
		case f == empty:
			a.missed(file, "it is empty, which no database of rpm is")
			return
		case f == unknown || f == writeAheadLog || f == rollbackJournal:
			a.missed(file, "it is not a database in a form that rpm uses")
			return
		case f == sqlite:
			file = a.withLog(file)
		default:
			file.Data = contents
		}
	}
	file.Earlier = contentsOf(file.Earlier)
	if contents, err := record.Decode(file.Data); err == nil && len(contents.Packages) > 0 {
		if isList && !a.listed {
			a.found.MissedFiles(file.Path, "it lists packages without their files, and there is no database")
		}
		a.listed = true
	}
	a.found.AddContents(file, purlType, func(p record.Package) string {
		return ecosystem.RPMPURL(a.distroID, p.Name, p.Version, p.Arch, a.distroTag, p.Module)
	})
}

// withLog returns an sqlite database, its data being contents, as it is after its log. What lies
// beside it and cannot be taken into account is a gap.
func (a *assembly) withLog(file record.File) record.File {
	base := file
	base.Data, _, _, _ = split(file.Data)
	if a.formOf(file.Path+journalSuffix) == rollbackJournal {
		a.missed(file, "a change was broken off: its rollback journal is still there")
	}
	log, there := a.byPath[file.Path+logSuffix]
	switch {
	case !there:
		return base
	case !log.Read || log.Data == nil || log.Problem != "":
		a.missed(log, "the database's latest changes are not known: "+orUnread(log.Problem))
		return base
	case a.formOf(log.Path) != writeAheadLog:
		return base // empty, or nothing that sqlite would heed
	}
	joined, err := joinFiles(file, log)
	if err != nil {
		a.missed(log, "the changes that it holds cannot be joined with the database: "+err.Error())
		return base
	}
	joined.Earlier = file.Earlier
	if log.Layer > file.Layer {
		joined.Earlier = append([]record.Earlier{{Layer: file.Layer, Data: file.Data}}, file.Earlier...)
	}
	return joined
}

func orUnread(problem string) string {
	if problem == "" {
		return "it was not read"
	}
	return problem
}

// formOf returns the form of a file; unknown if there is none, or none that was read.
func (a *assembly) formOf(path string) form {
	_, f, _, err := split(a.byPath[path].Data)
	if err != nil {
		return unknown
	}
	return f
}

// joinFiles returns a database seen through its log. What was wrong with the database alone does
// not count: a page that it lacks may be in the log.
func joinFiles(file, log record.File) (record.File, error) {
	base, err := decode(file.Data)
	if err != nil {
		return file, err
	}
	changes, err := decode(log.Data)
	if err != nil || len(changes.tree.pages) == 0 {
		file.Data = base.contents.Encode()
		return file, err
	}
	contents, err := join(base, changes)
	if err != nil {
		return file, err
	}
	file.Data, file.Problem, file.Layer = contents.Encode(), "", max(file.Layer, log.Layer)
	return file, nil
}

// contentsOf leaves of each version of a file what record knows how to read.
func contentsOf(versions []record.Earlier) []record.Earlier {
	var plain []record.Earlier
	for _, version := range versions {
		if contents, _, _, err := split(version.Data); err == nil {
			plain = append(plain, record.Earlier{Layer: version.Layer, Data: contents})
		}
	}
	return plain
}
