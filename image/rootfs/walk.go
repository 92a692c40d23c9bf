package rootfs

import "strings"

// maxHops is how many symbolic links one path may go through: what containerd allows while it
// unpacks (continuity, fs.RootPath). The kernel allows 40 at run time.
const maxHops = 255

// maxSteps bounds the path components looked up in one merge. Five million entries of ordinary
// depth take a twentieth of it; long paths through long chains of links would take years.
const maxSteps = 1 << 30

// maxLinkSteps bounds the same while all links to folders are followed (Tree.LinkedFolders). A large
// image takes some ten thousand.
const maxLinkSteps = 1 << 26

// outcome is how a walk ended.
type outcome uint8

const (
	found        outcome = iota
	missing              // there is nothing of that name
	notDirectory         // a part of the path is neither a folder nor a link
	looping              // more than maxHops links
	exhausted            // steps ran out
)

// walk finds nodes by path, within the root.
type walk struct {
	tree  *Tree
	steps int
	// imply, if set, is called for a name that is missing and returns a folder of that name.
	imply func(parent int32, name string) (int32, outcome)
	// own is the node of the last part of the path itself, not of a link's target, that was
	// looked up: where the path left the folders, if the outcome is notDirectory.
	own     int32
	path    string   // what is left of the path
	targets []string // what is left of links' targets, the innermost last
}

// to follows path from the root, symbolic links included.
func (w *walk) to(path string) (int32, outcome) {
	at, hops := int32(0), 0
	w.own, w.path, w.targets = 0, path, w.targets[:0]
	for {
		name, own := w.component()
		if name == "" {
			return at, found
		}
		if w.steps--; w.steps < 0 {
			return 0, exhausted
		}
		n := &w.tree.nodes[at]
		if !n.isDirectory() {
			return 0, notDirectory
		}
		if name == ".." {
			at = n.parent
			continue
		}
		child, exists := w.tree.children[childKey{at, name}]
		if !exists {
			if w.imply == nil {
				return 0, missing
			}
			made, outcome := w.imply(at, name)
			if outcome != found {
				return 0, outcome
			}
			child = made
		}
		if own {
			w.own = child
		}
		if !w.tree.nodes[child].isSymlink() {
			at = child
			continue
		}
		if hops++; hops > maxHops {
			return 0, looping
		}
		link := w.tree.nodes[child].entry.Link
		if strings.HasPrefix(link, "/") {
			at = 0
		}
		w.targets = append(w.targets, link)
	}
}

// component takes the next name off what is left, "" if nothing is; own tells that it is from
// the path itself.
func (w *walk) component() (name string, own bool) {
	for len(w.targets) > 0 {
		last := len(w.targets) - 1
		for w.targets[last] != "" {
			name, w.targets[last], _ = strings.Cut(w.targets[last], "/")
			if name != "" && name != "." {
				return name, false
			}
		}
		w.targets = w.targets[:last]
	}
	for w.path != "" {
		name, w.path, _ = strings.Cut(w.path, "/")
		if name != "" && name != "." {
			return name, true
		}
	}
	return "", true
}
