package rpm

import (
	"fmt"
	"slices"

	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// The limits of one database. The largest distributions have some 80,000 packages, and a header
// that lists 100,000 files takes 10 MiB.
const (
	maxHeader   = 64 << 20
	maxPackages = 200_000
	maxFiles    = 8_000_000
)

// collector gathers the packages of one file.
type collector struct {
	form      form
	packages  []record.Package
	files     int
	malformed record.Tally
	tree      tree
}

// take reads one header and returns where in packages it is, or notPackage or badRow. An error is
// a limit that was met.
func (c *collector) take(number uint64, blob []byte) (content, error) {
	p, isPackage, err := parseHeader(blob)
	switch {
	case err != nil:
		c.malformed.Add("header %d: %v", number, err)
		return badRow, nil
	case !isPackage:
		return notPackage, nil
	}
	return c.add(p)
}

func (c *collector) add(p record.Package) (content, error) {
	if c.files += len(p.Owns); len(c.packages) == maxPackages || c.files > maxFiles {
		return badRow, fmt.Errorf("it lists more than %d packages or %d files", maxPackages, maxFiles)
	}
	c.packages = append(c.packages, p)
	return content(len(c.packages) - 1), nil
}

// result puts the packages in the order that record.Contents has, and the tree's word of them.
func (c *collector) result() result {
	order := make([]int, len(c.packages))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return record.Compare(c.packages[a], c.packages[b]) })
	sorted := make([]record.Package, 0, len(order))
	place := make([]content, len(order))
	for _, i := range order {
		if n := len(sorted); n == 0 || record.Compare(sorted[n-1], c.packages[i]) != 0 {
			sorted = append(sorted, c.packages[i])
		}
		place[i] = content(len(sorted) - 1)
	}
	for _, page := range c.tree.pages {
		for i, row := range page.rows {
			if row.content >= 0 {
				page.rows[i].content = place[row.content]
			}
		}
	}
	contents := record.Contents{Packages: sorted}
	contents.Gaps = c.malformed.AppendTo(contents.Gaps, record.MalformedEntry)
	return result{form: c.form, contents: contents, tree: c.tree}
}
