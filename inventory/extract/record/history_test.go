package record

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// versions turns texts such as "ab" into the versions of a file, oldest first: each letter is a
// package.
func versions(texts ...string) File {
	contents := func(text string) []byte {
		var c Contents
		for _, letter := range text {
			c.Packages = append(c.Packages, Package{Name: string(letter), Version: "1"})
		}
		return c.Encode()
	}
	last := len(texts) - 1
	file := File{Layer: last, Read: true, Data: contents(texts[last])}
	for layer := last - 1; layer >= 0; layer-- {
		file.Earlier = append(file.Earlier, Earlier{Layer: layer, Data: contents(texts[layer])})
	}
	return file
}

func TestHardCase25FirstLayerOfAPackage(t *testing.T) {
	for _, test := range []struct {
		name     string
		versions []string
		want     []int
	}{
		{"one layer", []string{"ab"}, []int{0, 0}},
		{"each layer adds one", []string{"a", "ab", "abc"}, []int{0, 1, 2}},
		{"gone and back", []string{"ab", "b", "ab"}, []int{2, 0}},
		{"rewritten", []string{"ab", "ab", "ab"}, []int{0, 0}},
		{"all new", []string{"ab", "cd"}, []int{1, 1}},
		{"empty in between", []string{"ab", "", "ab"}, []int{2, 2}},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := versions(test.versions...)
			contents, err := Decode(file.Data)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, firstLayers(contents.Packages, file)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAVersionThatCannotBeReadTellsNothing(t *testing.T) {
	file := versions("a", "a", "ab")
	file.Earlier[0].Data = []byte("?")
	contents, err := Decode(file.Data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{0, 2}, firstLayers(contents.Packages, file)); diff != "" {
		t.Error(diff)
	}
}

// FuzzFirstLayers: comparing sorted lists side by side gives what the definition says, asked
// version by version.
func FuzzFirstLayers(f *testing.F) {
	f.Add("a", "ab", "abc", "abcd")
	f.Add("abc", "b", "", "cba")
	f.Fuzz(func(t *testing.T, a, b, c, d string) {
		file := versions(a, b, c, d)
		contents, err := Decode(file.Data)
		if err != nil {
			t.Fatal(err)
		}
		got := firstLayers(contents.Packages, file)
		for i, p := range contents.Packages {
			want := file.Layer
			for _, earlier := range file.Earlier {
				older, err := Decode(earlier.Data)
				if err != nil {
					t.Fatal(err)
				}
				if !slices.ContainsFunc(older.Packages, func(o Package) bool { return Compare(o, p) == 0 }) {
					break
				}
				want = earlier.Layer
			}
			if got[i] != want {
				t.Errorf("%q: layer %d, want %d", p.Name, got[i], want)
			}
		}
	})
}
