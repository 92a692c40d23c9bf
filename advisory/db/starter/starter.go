// Package starter is the advisory database inside the binary.
package starter

import (
	"errors"

	"plimsoll.dev/plimsoll/advisory/db"
)

// Open opens the starter database.
func Open(cacheDir string) (*db.DB, error) { return nil, errors.New("not built yet") }
