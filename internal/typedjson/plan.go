// Package typedjson reads JSON into Go values of a known type, several times as fast as
// encoding/json and more strictly: a fleet has tens of thousands of reports.
//
// What it takes, encoding/json takes too, with the same result. It refuses a member that the type
// does not have, also one that differs in case only; a member that stands twice in one object,
// which two readers could understand in two ways; and anything after the document. A document
// nests no deeper than its type; a type that holds itself is for documents that are not a stranger's.
//
// Strings without escapes share the memory of the text that they are from: who keeps one string
// of a large document for long copies it (strings.Clone).
//
// It reads structs without embedded ones, slices, maps with strings for names, pointers, strings,
// truth values, numbers, and whatever implements json.Unmarshaler or encoding.TextUnmarshaler. It
// does not know interfaces, arrays, []byte, or the options "string" and "inline" of a tag.
package typedjson

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// Decoder reads documents of one type. It may be used by several goroutines at once.
type Decoder[T any] struct{ plan *plan }

// For prepares the reading of a type. It fails if the type has something that is not known here.
func For[T any]() (*Decoder[T], error) {
	p, err := planOf(reflect.TypeFor[T](), map[reflect.Type]*plan{})
	if err != nil {
		return nil, err
	}
	return &Decoder[T]{p}, nil
}

// Decode reads a document.
func (d *Decoder[T]) Decode(text string) (*T, error) {
	value := new(T)
	r := reader{text: text}
	r.value(d.plan, reflect.ValueOf(value).Elem())
	r.end()
	if r.err != nil {
		return nil, r.err
	}
	return value, nil
}

// plan is how to read one type.
type plan struct {
	form    form
	of      reflect.Type
	element *plan    // of a slice, map or pointer
	members []member // of a struct
}

// member is one field of a struct.
type member struct {
	name string
	at   int // the field's index
	plan *plan
}

type form uint8

const (
	formStruct form = iota
	formSlice
	formMap
	formPointer
	formString
	formBool
	formInt
	formUint
	formFloat
	formText  // encoding.TextUnmarshaler
	formValue // json.Unmarshaler
)

// mostMembers is how many fields a struct may have: a bit of a word stands for each.
const mostMembers = 64

func planOf(t reflect.Type, known map[reflect.Type]*plan) (*plan, error) {
	if p := known[t]; p != nil {
		return p, nil
	}
	p := &plan{of: t}
	known[t] = p
	pointer := reflect.PointerTo(t)
	switch {
	case pointer.Implements(reflect.TypeFor[json.Unmarshaler]()):
		p.form = formValue
		return p, nil
	case pointer.Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		p.form = formText
		return p, nil
	}
	switch t.Kind() {
	case reflect.String:
		p.form = formString
	case reflect.Bool:
		p.form = formBool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		p.form = formInt
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		p.form = formUint
	case reflect.Float32, reflect.Float64:
		p.form = formFloat
	case reflect.Struct:
		p.form = formStruct
		return p, p.struc(known)
	case reflect.Slice, reflect.Map, reflect.Pointer:
		return p, p.container(known)
	default:
		return nil, fmt.Errorf("typedjson does not know how to read %s", t)
	}
	return p, nil
}

func (p *plan) container(known map[reflect.Type]*plan) (err error) {
	p.form = map[reflect.Kind]form{reflect.Slice: formSlice, reflect.Map: formMap, reflect.Pointer: formPointer}[p.of.Kind()]
	if p.form == formMap && (p.of.Key().Kind() != reflect.String || reflect.PointerTo(p.of.Key()).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())) ||
		p.form == formSlice && p.of.Elem().Kind() == reflect.Uint8 {
		return fmt.Errorf("typedjson does not know how to read %s", p.of)
	}
	p.element, err = planOf(p.of.Elem(), known)
	return err
}

func (p *plan) struc(known map[reflect.Type]*plan) error {
	for i := range p.of.NumField() {
		field := p.of.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "-" && options == "" || !field.IsExported() && !field.Anonymous {
			continue
		}
		if field.Anonymous || strings.Contains(options, "string") || strings.Contains(options, "inline") || len(p.members) == mostMembers {
			return fmt.Errorf("typedjson does not know how to read %s.%s", p.of, field.Name)
		}
		if name == "" {
			name = field.Name
		}
		of, err := planOf(field.Type, known)
		if err != nil {
			return err
		}
		p.members = append(p.members, member{name, i, of})
	}
	return nil
}
