package policy

import (
	"errors"
	"reflect"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// objectType is a type of CEL's made of one of ours: named members, each read off the Go value.
type objectType struct {
	name    string
	typ     *types.Type
	members []objectMember
}

// objectMember is one member of an object.
type objectMember struct {
	name string
	typ  *types.Type
	says string // what it is, for the reference
	// get reads it; nil if it is not known.
	get func(value any) ref.Val
}

func newObjectType(name string, members ...objectMember) *objectType {
	return &objectType{name: name, typ: cel.ObjectType(name), members: members}
}

// object is a Go value seen as CEL's.
type object struct {
	of    *objectType
	value any
}

// ConvertToNative implements ref.Val.
func (o *object) ConvertToNative(reflect.Type) (any, error) {
	return nil, errors.New("an object of the policy's has no other form")
}

// ConvertToType implements ref.Val.
func (o *object) ConvertToType(t ref.Type) ref.Val {
	switch t {
	case types.TypeType:
		return o.of.typ
	default:
		return types.NewErr("%s cannot be converted to %s", o.of.name, t.TypeName())
	}
}

// Equal implements ref.Val.
func (o *object) Equal(other ref.Val) ref.Val {
	p, ok := other.(*object)
	return types.Bool(ok && p.value == o.value)
}

// Type implements ref.Val.
func (o *object) Type() ref.Type { return o.of.typ }

// Value implements ref.Val.
func (o *object) Value() any { return o }

// provider knows the object types beside CEL's own.
type provider struct {
	types.Provider
	objects []*objectType
}

func (p provider) object(name string) (*objectType, bool) {
	for _, o := range p.objects {
		if o.name == name {
			return o, true
		}
	}
	return nil, false
}

// FindStructType implements types.Provider.
func (p provider) FindStructType(name string) (*types.Type, bool) {
	if o, ok := p.object(name); ok {
		return types.NewTypeTypeWithParam(o.typ), true
	}
	return p.Provider.FindStructType(name)
}

// FindStructFieldNames implements types.Provider.
func (p provider) FindStructFieldNames(name string) ([]string, bool) {
	o, ok := p.object(name)
	if !ok {
		return p.Provider.FindStructFieldNames(name)
	}
	var names []string
	for _, m := range o.members {
		names = append(names, m.name)
	}
	return names, true
}

// FindStructFieldType implements types.Provider. A member that is not known is CEL's unknown, so
// that "and" and "or" are decided where they can be.
func (p provider) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	o, ok := p.object(name)
	if !ok {
		return p.Provider.FindStructFieldType(name, field)
	}
	for _, m := range o.members {
		if m.name != field {
			continue
		}
		missing := notKnown(o.name + "." + m.name)
		return &types.FieldType{
			Type: m.typ,
			IsSet: func(target any) bool {
				v, ok := target.(*object)
				return ok && m.get(v.value) != nil
			},
			GetFrom: func(target any) (any, error) {
				v, ok := target.(*object)
				if !ok {
					return target, nil // CEL's unknown, of which every member is unknown
				}
				if value := m.get(v.value); value != nil {
					return value, nil
				}
				return missing, nil
			},
		}, true
	}
	return nil, false
}

// NewValue implements types.Provider. Objects are given to expressions, which cannot make any.
func (p provider) NewValue(name string, fields map[string]ref.Val) ref.Val {
	if _, ok := p.object(name); ok {
		return types.NewErr("a %s cannot be made in an expression", name)
	}
	return p.Provider.NewValue(name, fields)
}

// notKnown is CEL's unknown, with the name of what is not known.
func notKnown(name string) *types.Unknown {
	return types.NewUnknown(1, types.NewAttributeTrail(name))
}

// missingNames returns what an unknown result lacked.
func missingNames(u *types.Unknown) []string {
	var names []string
	for _, id := range u.IDs() {
		trails, _ := u.GetAttributeTrails(id)
		for _, trail := range trails {
			names = append(names, trail.Variable())
		}
	}
	return sortedSet(names)
}

// The values of Go's as CEL's; nil for what is not known.

func valueOf(s string) ref.Val { return types.String(s) }

func stated(s string) ref.Val {
	if s == "" {
		return nil
	}
	return types.String(s)
}

func statedNumber(n *float64) ref.Val {
	if n == nil {
		return nil
	}
	return types.Double(*n)
}

func statedTime(t time.Time) ref.Val {
	if t.IsZero() {
		return nil
	}
	return types.Timestamp{Time: t}
}

func statedMoment(s string) ref.Val {
	t, _ := timeOf(s)
	return statedTime(t)
}

func listOf(words []string) ref.Val {
	return types.NewStringList(types.DefaultTypeAdapter, words)
}

func mapOf(m map[string]string) ref.Val {
	return types.NewStringStringMap(types.DefaultTypeAdapter, m)
}

func objects(values []ref.Val) ref.Val {
	return types.NewRefValList(types.DefaultTypeAdapter, values)
}
