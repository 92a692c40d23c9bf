package rpm

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// The tags that are used (rpm's include/rpm/rpmtag.h).
const (
	tagName            = 1000
	tagVersion         = 1001
	tagRelease         = 1002
	tagEpoch           = 1003
	tagVendor          = 1011
	tagLicense         = 1014
	tagPackager        = 1015
	tagArch            = 1022
	tagOldFileNames    = 1027
	tagFileStates      = 1029
	tagSourceRPM       = 1044
	tagDirIndexes      = 1116
	tagBaseNames       = 1117
	tagDirNames        = 1118
	tagModularityLabel = 5096
)

// The types of values that are used (rpm manual, "Package format: Index value types").
const (
	typeChar        = 1
	typeInt32       = 4
	typeString      = 6
	typeStringArray = 8
	typeI18NString  = 9
)

// header is a package's header as the databases store it: two counts, the index with 16 bytes
// for each entry, and the store that they point into (rpm manual, "Package format: Header").
// All numbers have the high byte first.
//
// The first entry is a region, which says how far the signed part goes; entries after that were
// added at installation. A tag that is in both parts counts as added (rpm's lib/header.c,
// hdrblobImport), so that here simply the last counts.
type header struct{ index, store []byte }

const indexEntrySize = 16

func openHeader(blob []byte) (header, error) {
	const start, mostEntries = 8, 0xffff // rpm's lib/header_internal.h, hdrchkTags
	if len(blob) < start {
		return header{}, errors.New("it has less than 8 bytes")
	}
	entries, stored := binary.BigEndian.Uint32(blob), binary.BigEndian.Uint32(blob[4:])
	if entries == 0 || entries > mostEntries {
		return header{}, fmt.Errorf("it counts %d entries", entries)
	}
	end := start + indexEntrySize*int(entries)
	if uint64(end)+uint64(stored) != uint64(len(blob)) {
		return header{}, fmt.Errorf("its counts do not add up to its %d bytes", len(blob))
	}
	return header{index: blob[start:end], store: blob[end:]}, nil
}

// find returns a tag's type, number of values, and the store from its first value on.
func (h header) find(tag uint32) (kind, count uint32, values []byte, found bool) {
	for at := len(h.index) - indexEntrySize; at >= 0; at -= indexEntrySize {
		entry := h.index[at:]
		if binary.BigEndian.Uint32(entry) != tag {
			continue
		}
		kind, count = binary.BigEndian.Uint32(entry[4:]), binary.BigEndian.Uint32(entry[12:])
		offset := binary.BigEndian.Uint32(entry[8:])
		if uint64(offset) > uint64(len(h.store)) {
			return 0, 0, nil, false
		}
		return kind, count, h.store[offset:], true
	}
	return 0, 0, nil, false
}

// text returns a string, the first of several; empty if there is none that ends in the store.
func (h header) text(tag uint32) []byte {
	kind, _, values, _ := h.find(tag)
	end := bytes.IndexByte(values, 0)
	if end < 0 || kind != typeString && kind != typeStringArray && kind != typeI18NString {
		return nil
	}
	return values[:end]
}

// numbers returns the values of a tag of 32-bit numbers, each four bytes.
func (h header) numbers(tag uint32) []byte {
	kind, count, values, _ := h.find(tag)
	if kind != typeInt32 || uint64(count)*4 > uint64(len(values)) {
		return nil
	}
	return values[:count*4]
}

// texts iterates over a list of strings, as far as they are there.
func (h header) texts(tag uint32) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		kind, count, values, _ := h.find(tag)
		if kind != typeStringArray && kind != typeString {
			return
		}
		for i := range int(count) {
			end := bytes.IndexByte(values, 0)
			if end < 0 || !yield(i, values[:end]) {
				return
			}
			values = values[end+1:]
		}
	}
}

// parseHeader returns the package that a header describes. It is none if the header is that of a
// key that was imported.
func parseHeader(blob []byte) (p record.Package, isPackage bool, err error) {
	h, err := openHeader(blob)
	if err != nil {
		return p, false, err
	}
	name, version, release := h.text(tagName), h.text(tagVersion), h.text(tagRelease)
	switch {
	case !record.IsWord(name):
		return p, false, errors.New("it has no package name")
	case string(name) == keyName:
		return p, false, nil
	case !isVersion(version) || !isVersion(release) || len(version)+len(release) > record.MaxText:
		return p, false, fmt.Errorf("%.100q has no version and release", name)
	}
	epoch := uint32(0)
	if numbers := h.numbers(tagEpoch); len(numbers) > 0 {
		epoch = binary.BigEndian.Uint32(numbers)
	}
	p = record.Package{Name: string(name), Version: evr(epoch, string(version)+"-"+string(release))}
	if arch := h.text(tagArch); record.IsWord(arch) {
		p.Arch = string(arch)
	}
	p.SourceName, p.SourceVersion = sourceOf(string(h.text(tagSourceRPM)), epoch)
	p.Module = moduleOf(string(h.text(tagModularityLabel)))
	p.Vendor = words(h.text(tagVendor))
	if p.Vendor == "" {
		p.Vendor = words(h.text(tagPackager))
	}
	if license := words(h.text(tagLicense)); license != "" {
		p.Licenses = []string{license}
	}
	p.Owns = h.owns()
	return p, true, nil
}

// keyName is the name of the entries that stand for imported keys.
const keyName = "gpg-pubkey"

// isVersion tells whether a word can be a version or a release: neither has a dash or a colon,
// which stand around them (rpm-version(7)).
func isVersion(word []byte) bool { return record.IsWord(word) && !bytes.ContainsAny(word, "-:") }

// evr writes epoch, version and release as advisories do: no epoch is the same as zero
// (rpm-version(7)).
func evr(epoch uint32, versionRelease string) string {
	if epoch == 0 {
		return versionRelease
	}
	return strconv.FormatUint(uint64(epoch), 10) + ":" + versionRelease
}

// sourceOf takes a source package's file name apart, name-version-release.src.rpm. The name does
// not tell the epoch; a package and its source nearly always have the same.
func sourceOf(file string, epoch uint32) (name, version string) {
	file, isSource := strings.CutSuffix(file, ".src.rpm")
	if !isSource {
		file, isSource = strings.CutSuffix(file, ".nosrc.rpm")
	}
	name, version = cutRelease(file)
	if !isSource || !record.IsWord([]byte(file)) || name == "" {
		return "", ""
	}
	return name, evr(epoch, version)
}

// cutRelease cuts name-version-release before the version; both parts are empty if it is not
// of that form.
func cutRelease(text string) (name, versionRelease string) {
	release := strings.LastIndexByte(text, '-')
	version := strings.LastIndexByte(text[:max(0, release)], '-')
	if version <= 0 || version+1 == release || release+1 == len(text) {
		return "", ""
	}
	return text[:version], text[version+1:]
}

// moduleOf returns name and stream of a label name:stream:version:context
// (docs.fedoraproject.org/en-US/modularity, "Module identity").
func moduleOf(label string) string {
	name, rest, _ := strings.Cut(label, ":")
	stream, _, _ := strings.Cut(rest, ":")
	if name == "" || stream == "" || !record.IsWord([]byte(label)) {
		return ""
	}
	return name + ":" + stream
}

// words returns a text of several words on one line; one that is too long is left out.
func words(text []byte) string {
	if len(text) > record.MaxText {
		return ""
	}
	return strings.Join(strings.Fields(strings.ToValidUTF8(string(text), "\uFFFD")), " ")
}
