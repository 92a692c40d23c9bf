package directory

import (
	"fmt"
	"slices"
	"sync"

	"plimsoll.dev/plimsoll/image"
)

// maxUnread is how many files are named; what follows is counted.
const maxUnread = 1000

// unread gathers what the walks could not read. Walks may run side by side.
type unread struct {
	mu    sync.Mutex
	files []image.Unread
	more  int
}

// add notes a file once, whatever number of walks meet it.
func (u *unread) add(path, why string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case slices.ContainsFunc(u.files, func(f image.Unread) bool { return f.Path == path }):
	case len(u.files) < maxUnread:
		u.files = append(u.files, image.Unread{Path: path, Why: why})
	default:
		u.more++
	}
}

func (u *unread) list() []image.Unread {
	u.mu.Lock()
	defer u.mu.Unlock()
	list := slices.Clone(u.files)
	if u.more > 0 {
		list = append(list, image.Unread{Why: fmt.Sprintf("more than %d files could not be read; the rest is left out", maxUnread)})
	}
	return list
}
