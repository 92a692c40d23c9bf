// Package cocoapods reads Podfile.lock, the lock file of CocoaPods: compiled programs do not say
// what they were built from.
//
// A part of a pod (ShareKit/Twitter) is listed as a package of its own, as the purl type has it.
package cocoapods

import (
	"maps"
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/inventory/extract/listing"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// New returns the extractor.
func New() listing.Extractor {
	return listing.New(listing.Format{
		Name: "cocoapods", Version: 1, Type: "cocoapods",
		PURL: func(p record.Package) string { return ecosystem.CocoaPodsPURL(p.Name, p.Version) },
		Kinds: []listing.Kind{
			{Evidence: listing.Locked, Is: listing.Named("Podfile.lock"), Parse: parse},
		},
	})
}

// parse reads the list PODS (CocoaPods/Core, lockfile.rb): "NAME (VERSION)", or a mapping from
// that to what the pod depends on.
func parse(f listing.File, list *listing.List) error {
	var lock struct {
		Pods []any `yaml:"PODS"`
	}
	if err := listing.YAML(f.Content, &lock); err != nil {
		return err
	}
	for _, pod := range lock.Pods {
		switch pod := pod.(type) {
		case string:
			add(list, pod)
		case map[string]any:
			for _, key := range slices.Sorted(maps.Keys(pod)) {
				add(list, key)
			}
		default:
			list.Malformed("%v is not a pod", pod)
		}
	}
	return nil
}

func add(list *listing.List, pod string) {
	name, version, _ := strings.Cut(pod, " (")
	list.Add(record.Package{Name: name, Version: strings.TrimSuffix(version, ")")})
}
