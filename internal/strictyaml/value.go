package strictyaml

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Value reads a node into what pointer points to, by the names of its JSON form. It changes what
// is there: only the members that a mapping names, and a list's members are added to those that
// are there. "null" takes away.
//
// It knows structs, maps with texts as keys, slices, pointers, texts, numbers, truth and whatever
// reads itself from text. Whether it finds a problem does not depend on what was there.
func (d *Decoder) Value(n *yaml.Node, what string, pointer any) {
	d.value(n, what, reflect.ValueOf(pointer).Elem())
}

func (d *Decoder) value(n *yaml.Node, what string, into reflect.Value) {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		into.SetZero()
		return
	}
	if reader, ok := into.Addr().Interface().(encoding.TextUnmarshaler); ok {
		d.readsItself(n, what, reader)
		return
	}
	switch into.Kind() {
	case reflect.Pointer:
		target := reflect.New(into.Type().Elem())
		if !into.IsNil() {
			target.Elem().Set(into.Elem()) // not through the pointer: who else holds it must not see it
		}
		d.value(n, what, target.Elem())
		into.Set(target)
	case reflect.Struct:
		d.members(n, what, into)
	case reflect.Map:
		d.entries(n, what, into)
	case reflect.Slice:
		d.added(n, what, into)
	default:
		d.scalar(n, what, into)
	}
}

func (d *Decoder) readsItself(n *yaml.Node, what string, reader encoding.TextUnmarshaler) {
	text, ok := d.Word(n, what)
	if !ok {
		return
	}
	if err := reader.UnmarshalText([]byte(text)); err != nil {
		d.Problem(n, "%s is %s: %s", what, KindOf(n), strings.Join(strings.Fields(err.Error()), " "))
	}
}

func (d *Decoder) members(n *yaml.Node, what string, into reflect.Value) {
	var keys []Key
	for i := range into.NumField() {
		name, _, _ := strings.Cut(into.Type().Field(i).Tag.Get("json"), ",")
		if name != "" && name != "-" {
			keys = append(keys, Optional(name, func(n *yaml.Node, what string) { d.value(n, what, into.Field(i)) }))
		}
	}
	d.Mapping(n, what, keys...)
}

// entries copies the map before it changes it, for others may hold it.
func (d *Decoder) entries(n *yaml.Node, what string, into reflect.Value) {
	changed := reflect.MakeMap(into.Type())
	for entries := into.MapRange(); entries.Next(); {
		changed.SetMapIndex(entries.Key(), entries.Value())
	}
	if n.Kind != yaml.MappingNode {
		d.Problem(n, "%s is %s; write its keys and values", what, KindOf(n))
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		name := reflect.New(into.Type().Key()).Elem()
		if text, ok := d.Word(key, "a key in "+what); ok {
			name.SetString(text)
			entry := reflect.New(into.Type().Elem()).Elem()
			d.value(value, d.inside(what, text), entry)
			if value.Tag == "!!null" {
				entry = reflect.Value{} // takes the key away
			}
			changed.SetMapIndex(name, entry)
		}
	}
	into.Set(changed)
}

func (d *Decoder) added(n *yaml.Node, what string, into reflect.Value) {
	changed := reflect.AppendSlice(reflect.MakeSlice(into.Type(), 0, into.Len()), into)
	d.List(n, what, MostItems, func(n *yaml.Node, what string) {
		each := reflect.New(into.Type().Elem()).Elem()
		d.value(n, what, each)
		changed = reflect.Append(changed, each)
	})
	into.Set(changed)
}

func (d *Decoder) scalar(n *yaml.Node, what string, into reflect.Value) {
	if n.Kind != yaml.ScalarNode {
		d.Problem(n, "%s is %s; write one value", what, KindOf(n))
		return
	}
	switch into.Kind() {
	case reflect.String: // an empty text is one: no user is root
		if strings.ContainsFunc(n.Value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			d.Problem(n, "%s has more than one line, or a control character; write one line of text", what)
			return
		}
		into.SetString(n.Value)
	case reflect.Bool:
		if holds := d.Truth(n, what); holds != nil {
			into.SetBool(*holds)
		}
	case reflect.Float32, reflect.Float64:
		value, err := strconv.ParseFloat(n.Value, 64)
		if err != nil || strings.Trim(n.Value, "0123456789.-") != "" {
			d.Problem(n, "%s is %s; write a number", what, KindOf(n))
			return
		}
		into.SetFloat(value)
	case reflect.Int, reflect.Int64, reflect.Uint32:
		d.integer(n, what, into)
	default:
		panic(fmt.Sprintf("strictyaml: %s has a type that Value does not know: %s", what, into.Type()))
	}
}

// integer reads a whole number; one that begins with 0 is octal, as permission bits are written.
func (d *Decoder) integer(n *yaml.Node, what string, into reflect.Value) {
	value, err := strconv.ParseInt(n.Value, 0, 64)
	if err != nil || value < 0 || into.CanUint() && into.OverflowUint(uint64(value)) || into.CanInt() && into.OverflowInt(value) {
		d.Problem(n, "%s is %s; write a whole number from 0", what, KindOf(n))
		return
	}
	if into.CanUint() {
		into.SetUint(uint64(value))
		return
	}
	into.SetInt(value)
}
