package vex

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/image"
)

// csafTree is product_tree, 3.2.2.
type csafTree struct {
	Branches []csafBranch  `json:"branches"`
	Products []csafProduct `json:"full_product_names"`
	Groups   []struct {
		ID       string   `json:"group_id"`
		Products []string `json:"product_ids"`
	} `json:"product_groups"`
	Relationships []csafRelationship `json:"relationships"`
}

type csafBranch struct {
	Category string       `json:"category"`
	Name     string       `json:"name"`
	Branches []csafBranch `json:"branches"`
	Product  *csafProduct `json:"product"`
}

type csafProduct struct {
	ID     string     `json:"product_id"`
	Name   string     `json:"name"`
	Helper csafHelper `json:"product_identification_helper"`

	asWhole advisory.VEXProduct // see identify
	asPart  []string
}

type csafHelper struct {
	CPE    string `json:"cpe"`
	PURL   string `json:"purl"`
	Hashes []struct {
		Files []struct {
			Algorithm string `json:"algorithm"`
			Value     string `json:"value"`
		} `json:"file_hashes"`
	} `json:"hashes"`
}

type csafRelationship struct {
	Category  string      `json:"category"`
	Component string      `json:"product_reference"`
	Whole     string      `json:"relates_to_product_reference"`
	Product   csafProduct `json:"full_product_name"`
}

// productTree finds products by their ids.
type productTree struct {
	products      map[string]*csafProduct
	relationships map[string]*csafRelationship
	groups        map[string][]string
	resolved      map[string]combination
}

// combination is a product, or a part of one.
type combination struct{ whole, part *csafProduct }

func newProductTree(form *csafTree) (*productTree, error) {
	t := &productTree{
		products: map[string]*csafProduct{}, relationships: map[string]*csafRelationship{},
		groups: map[string][]string{}, resolved: map[string]combination{},
	}
	if err := t.addBranches(form.Branches, ""); err != nil {
		return nil, err
	}
	for i := range form.Products {
		if err := t.addProduct(&form.Products[i], ""); err != nil {
			return nil, err
		}
	}
	for i := range form.Relationships {
		if err := t.addRelationship(&form.Relationships[i]); err != nil {
			return nil, err
		}
	}
	for _, group := range form.Groups {
		if _, twice := t.groups[group.ID]; twice {
			return nil, fmt.Errorf("the group_id %.120q is there twice; correct it", group.ID)
		}
		t.groups[group.ID] = group.Products
	}
	return t, nil
}

// addBranches takes in the products of branches; versions is the range of versions that they are
// in, if they are.
func (t *productTree) addBranches(branches []csafBranch, versions string) error {
	for i := range branches {
		b := &branches[i]
		within := versions
		if b.Category == "product_version_range" && b.Name != "vers:all/*" {
			within = cmp.Or(b.Name, "unknown")
		}
		if b.Product != nil {
			if err := t.addProduct(b.Product, within); err != nil {
				return err
			}
		}
		if err := t.addBranches(b.Branches, within); err != nil {
			return err
		}
	}
	return nil
}

func (t *productTree) addProduct(p *csafProduct, versions string) error {
	if err := t.checkID(p.ID); err != nil {
		return err
	}
	var digests []image.Digest
	for _, hashes := range p.Helper.Hashes {
		for _, hash := range hashes.Files {
			if !isSHA256(hash.Algorithm) {
				continue
			}
			digest, err := parseHash(hash.Value)
			if err != nil {
				return fmt.Errorf("the product %.120q has the sha256 %.80q: want 64 hexadecimal digits; correct it", p.ID, hash.Value)
			}
			digests = append(digests, digest)
		}
	}
	p.identify(digests, versions)
	t.products[p.ID] = p
	return nil
}

// addRelationship takes in two products that are one together. Whichever of the categories joins
// them (3.2.2.4.1), a statement about both is about the one where it is in or on the other.
func (t *productTree) addRelationship(r *csafRelationship) error {
	if err := t.checkID(r.Product.ID); err != nil {
		return err
	}
	switch r.Category {
	case "default_component_of", "optional_component_of", "external_component_of", "installed_on", "installed_with":
		t.relationships[r.Product.ID] = r
		return nil
	}
	return fmt.Errorf("the relationship %.120q is of the category %.80q, which CSAF does not know; correct it", r.Product.ID, r.Category)
}

// checkID refuses an id that is there already (6.1.2).
func (t *productTree) checkID(id string) error {
	switch {
	case strings.TrimSpace(id) == "":
		return errors.New("a product has no product_id; correct it")
	case t.products[id] != nil || t.relationships[id] != nil:
		return fmt.Errorf("the product_id %.120q is there twice; correct it", id)
	}
	return nil
}

// resolve returns what a product's id stands for.
func (t *productTree) resolve(id string) (combination, error) { return t.resolveWithin(id, 0) }

// maxChain bounds relationships of relationships: a package of a module of a release are two.
const maxChain = 16

// resolveWithin remembers what it found, as relationships may name the same ones again and again.
// Of a part of a part only the inner one is kept: it says what has the vulnerability.
func (t *productTree) resolveWithin(id string, depth int) (combination, error) {
	if p := t.products[id]; p != nil {
		return combination{whole: p}, nil
	}
	if c, done := t.resolved[id]; done {
		return c, nil
	}
	r := t.relationships[id]
	if r == nil {
		return combination{}, fmt.Errorf("the product %.120q is not in product_tree; correct it", id)
	}
	if depth == maxChain {
		return combination{}, fmt.Errorf("the relationship %.120q leads in circles, or through more than %d others; correct it", id, maxChain)
	}
	whole, err := t.resolveWithin(r.Whole, depth+1)
	if err != nil {
		return whole, err
	}
	part, err := t.resolveWithin(r.Component, depth+1)
	if err != nil {
		return part, err
	}
	c := combination{whole: whole.whole, part: part.whole}
	if part.part != nil {
		c.part = part.part
	}
	t.resolved[id] = c
	return c, nil
}

// named returns the products that a note names, one by one and by their groups.
func (t *productTree) named(path string, n csafNote, count *counter) ([]string, error) {
	products := slices.Clone(n.Products)
	for _, group := range n.Groups {
		members, known := t.groups[group]
		if !known {
			return nil, fmt.Errorf("%s: the group %.120q is not in product_tree; correct it", path, group)
		}
		if err := count.add(len(members)); err != nil {
			return nil, fmt.Errorf("%s %w", path, err)
		}
		products = append(products, members...)
	}
	if err := count.add(len(n.Products)); err != nil {
		return nil, fmt.Errorf("%s %w", path, err)
	}
	return products, nil
}

// identify finds out once what a product is called, the most telling name first. The id is a token
// within the document, and a name only where there is no other. Nothing else says a range of versions.
func (p *csafProduct) identify(digests []image.Digest, versions string) {
	names := unique([]string{p.Helper.PURL, p.Helper.CPE, p.Name})
	if len(names) == 0 {
		names = []string{p.ID}
	}
	if versions != "" {
		names, digests = []string{inVersions(versions, names[0])}, nil
	}
	p.asWhole = Product(names[0], names[1:], digests...)
	p.asPart = Part(names...)
}
