package rpm

import (
	"encoding/binary"

	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// owns returns the files that the package brought to this system: base names, each with an index
// into the list of folders; before rpm 4, whole paths.
func (h header) owns() []record.PathSum {
	var folders, sums []record.PathSum
	for _, folder := range h.texts(tagDirNames) {
		folders = append(folders, record.SumPath(folder))
	}
	indexes, states := h.numbers(tagDirIndexes), h.states()
	for i, name := range h.texts(tagBaseNames) {
		if len(indexes) < 4*(i+1) {
			break
		}
		folder := binary.BigEndian.Uint32(indexes[4*i:])
		if uint64(folder) < uint64(len(folders)) && isInstalled(states, i) {
			sums = append(sums, record.ExtendSum(folders[folder], name))
		}
	}
	for i, path := range h.texts(tagOldFileNames) {
		if isInstalled(states, i) {
			sums = append(sums, record.SumPath(path))
		}
	}
	return sums
}

// states returns a byte for each file, none if the header does not tell.
func (h header) states() []byte {
	kind, count, values, _ := h.find(tagFileStates)
	if kind != typeChar || uint64(count) > uint64(len(values)) {
		return nil
	}
	return values[:count]
}

// isInstalled tells whether a file is on disk as the package brought it: not left out, as
// documentation is in small images, nor replaced by another package's (rpm's lib/rpmfiles.h,
// rpmfileState).
func isInstalled(states []byte, i int) bool {
	const normal = 0
	return i >= len(states) || states[i] == normal
}
