package npm

import (
	"plimsoll.dev/plimsoll/internal/leanjson"
	"plimsoll.dev/plimsoll/inventory/extract/listing"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// parseBunLock reads bun.lock (bun.sh, "Lockfile"): JSON with trailing commas. Its packages are
// lists whose first item is NAME@VERSION, or NAME@SOURCE for what is from no registry.
func parseBunLock(r *leanjson.Reader) (record.Contents, error) {
	var list listing.List
	r.Object(func(name []byte) {
		if string(name) != "packages" {
			return
		}
		r.Object(func([]byte) {
			first := true
			r.Array(func() {
				if !first {
					return
				}
				first = false
				id, _ := r.Text()
				if name, version := splitName(id); !isOwn(version) {
					list.Add(record.Package{Name: name, Version: version})
				}
			})
		})
	})
	return list.End(r.End())
}
