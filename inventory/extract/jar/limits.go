package jar

import "fmt"

// The limits on one file with all archives in it. They are chosen with room: the largest jar in the
// images of the end-to-end tests has 4204 files.
const (
	maxDepth     = 8         // archives in archives
	maxEntries   = 200_000   // files in one archive
	maxAll       = 1_000_000 // files in all
	maxDirectory = 32 << 20  // bytes of one archive's directory
	maxRead      = 1 << 30   // bytes inflated, and bytes of directories read
	maxPackages  = 10_000
	maxInMemory  = 8 << 20   // of inflated archives; beyond it they go to an unlinked temporary file
	maxManifest  = 256 << 10 // what is read of a manifest: behind it are the digests of signed files
	maxPomSize   = 64 << 10  // a pom.properties file
	maxExpansion = 1032      // what deflate makes of one byte at most (zlib, "Technical Details")
)

// limits are those that a test may lower.
type limits struct {
	memory         int64 // see maxInMemory
	bytes, entries int64 // see maxRead and maxAll
}

func defaultLimits() limits { return limits{maxInMemory, maxRead, maxAll} }

// budget is what may still be read. Archives may overlap, and an archive may hold itself: so the
// work is counted, not the size of what is there.
type budget struct {
	limits         limits
	bytes, entries int64 // taken
}

// take takes from the budget, or says that it is used up.
func (b *budget) take(bytes, entries int64) error {
	if bytes > b.limits.bytes-b.bytes {
		return &limitError{fmt.Sprintf("more than %d bytes to read, with all archives", b.limits.bytes)}
	}
	if entries > b.limits.entries-b.entries {
		return &limitError{fmt.Sprintf("more than %d files, with all archives", b.limits.entries)}
	}
	b.bytes += bytes
	b.entries += entries
	return nil
}

// limitError reports an archive that asks for more than it may have.
type limitError struct{ what string }

func (e *limitError) Error() string { return "it has " + e.what }
