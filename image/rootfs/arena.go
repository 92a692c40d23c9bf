package rootfs

import "strings"

// arenaSize is how much text shares one allocation: a layer has tens of thousands of paths.
const arenaSize = 64 << 10

// arena makes strings that share memory. One string keeps the whole piece alive, which is right
// where all of them live as long as one another.
type arena struct{ piece *strings.Builder }

// join returns x and y in one.
func (a *arena) join(x string, y []byte) string {
	n := len(x) + len(y)
	if n > arenaSize/16 {
		return x + string(y)
	}
	if a.piece == nil || a.piece.Cap()-a.piece.Len() < n {
		a.piece = new(strings.Builder)
		a.piece.Grow(arenaSize)
	}
	start := a.piece.Len()
	a.piece.WriteString(x)
	a.piece.Write(y)
	return a.piece.String()[start:]
}
