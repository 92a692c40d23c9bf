package jar

import (
	"path"
	"slices"
	"strings"
)

// isArchive tells whether a name is that of a Java archive: a jar, a web or enterprise
// application, or what Jenkins, JBoss, Karaf and Liferay call theirs.
func isArchive(name string) bool {
	extension := path.Ext(name)
	for _, known := range [...]string{".jar", ".war", ".ear", ".par", ".sar", ".jpi", ".hpi", ".kar", ".lpkg"} {
		if strings.EqualFold(extension, known) {
			return true
		}
	}
	return false
}

// isManifest tells whether a file is the manifest; Java finds it in any case.
func isManifest(name string) bool {
	const manifest = "META-INF/MANIFEST.MF"
	return len(name) == len(manifest) && strings.EqualFold(name, manifest)
}

// isTelling tells whether a file is one of those that say what a jar is, or is a jar.
func isTelling(name string) bool { return isManifest(name) || isPom(name) || isArchive(name) }

func isFolder(name string) bool { return strings.HasSuffix(name, "/") }

// base is the last part of a file's name in an archive.
func base(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

// code tells whether an archive has classes of its own, and in which package they are: the
// deepest that holds three quarters of them, of four names at most. In an application's archive
// its own classes are in a folder; those beside it start it.
func code(entries []entry) (has bool, folder string) {
	var classes []string
	application := ""
	for i := range entries {
		name := entries[i].name
		for _, root := range [...]string{"BOOT-INF/", "WEB-INF/"} {
			if application == "" && strings.HasPrefix(name, root) {
				application = root + "classes/"
			}
		}
		if strings.HasSuffix(name, ".class") && base(name) != "module-info.class" {
			classes = append(classes, name)
		}
	}
	if application != "" {
		classes = slices.DeleteFunc(classes, func(name string) bool { return !strings.HasPrefix(name, application) })
	}
	if folder = strings.ReplaceAll(commonPackage(classes, application), "/", "."); !isID(folder) {
		folder = ""
	}
	return len(classes) > 0, folder
}

// commonPackage returns the folder below a root that holds three quarters of the files.
func commonPackage(files []string, root string) string {
	const longest = 4
	folder := root
	for range longest {
		next := majority(files, folder)
		if next == "" {
			break
		}
		folder += next + "/"
	}
	return strings.TrimSuffix(strings.TrimPrefix(folder, root), "/")
}

// majority returns the folder in a folder that holds three quarters of all files, if there is one
// (Boyer and Moore, "MJRTY: A Fast Majority Vote Algorithm", and a count).
func majority(files []string, folder string) string {
	candidate, lead := "", 0
	for _, file := range files {
		switch next := child(file, folder); {
		case lead == 0:
			candidate, lead = next, 1
		case next == candidate:
			lead++
		default:
			lead--
		}
	}
	count := 0
	for _, file := range files {
		if child(file, folder) == candidate {
			count++
		}
	}
	if candidate == "META-INF" || 4*count < 3*len(files) {
		return ""
	}
	return candidate
}

// child is the folder in a folder that a file is in or below; "" if it is in none.
func child(file, folder string) string {
	below, ok := strings.CutPrefix(file, folder)
	if !ok {
		return ""
	}
	next, _, ok := strings.Cut(below, "/")
	if !ok {
		return ""
	}
	return next
}
