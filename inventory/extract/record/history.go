package record

// firstLayers returns for each package of a file the layer in which it first appeared: the
// earliest from which on every version of the file lists it. The layer that rewrote the file
// last says nothing, as any installation rewrites the whole database (anchore/syft#645,
// aquasecurity/trivy#3192).
func firstLayers(packages []Package, file File) []int {
	layers := make([]int, len(packages))
	alive := make([]int, len(packages)) // those that every later version lists
	for i := range packages {
		layers[i], alive[i] = file.Layer, i
	}
	var memory []Package
	for _, earlier := range file.Earlier {
		var version Contents
		var err error
		if memory, err = version.decode(earlier.Data, memory); err != nil || version.Again {
			continue // what it listed is not known: it neither starts nor ends a package's life
		}
		alive = surviving(packages, alive, version.Packages)
		for _, i := range alive {
			layers[i] = earlier.Layer
		}
	}
	return layers
}

// surviving returns the members of alive, indexes into packages, that are in older too. Both
// lists are in the order of Compare.
func surviving(packages []Package, alive []int, older []Package) []int {
	kept, j := alive[:0], 0
	for _, i := range alive {
		for j < len(older) && Compare(older[j], packages[i]) < 0 {
			j++
		}
		if j < len(older) && Compare(older[j], packages[i]) == 0 {
			kept = append(kept, i)
		}
	}
	return kept
}
