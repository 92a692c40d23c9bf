package listing

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Array is a JSON array of at most as many members as a file may list packages. A plain slice of
// structures takes up to 80 times the memory of a hostile file's "[{},{},{}".
type Array[T any] []T

// UnmarshalJSON implements json.Unmarshaler. What came before an error is kept.
func (a *Array[T]) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	if token, err := decoder.Token(); err != nil || token != json.Delim('[') {
		return fmt.Errorf("%.20q is not a list", text)
	}
	for decoder.More() {
		if len(*a) == maxPackages {
			return fmt.Errorf("a list has more than %d members", maxPackages)
		}
		var member T
		if err := decoder.Decode(&member); err != nil {
			return err
		}
		*a = append(*a, member)
	}
	return nil
}
