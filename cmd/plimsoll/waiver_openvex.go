package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/advisory/vex"
	"plimsoll.dev/plimsoll/policy"
	"plimsoll.dev/plimsoll/report/openvex"
)

// writeOpenVEX writes the waivers that are in force as an OpenVEX document, which has no word for
// an end: it is to be written anew, with a higher version, whenever a waiver ends.
func (p *program) writeOpenVEX(w io.Writer, waivers []policy.Waiver, author string, at moment) error {
	document := openvex.Document{Author: author, Issued: at.now}
	var approvers []string
	for _, each := range waivers {
		if !at.now.Before(each.Expires()) || at.now.Before(each.Approved()) {
			p.warn(fmt.Sprintf("waiver %s is not in force and left out", each.ID()))
			continue
		}
		statements, err := statementsOf(each)
		if err != nil {
			return err
		}
		if len(statements) == 0 {
			p.warn(fmt.Sprintf("waiver %s names no vulnerability, and VEX speaks of nothing else: it is left out", each.ID()))
			continue
		}
		approvers = append(approvers, each.Approver())
		document.Statements = append(document.Statements, statements...)
	}
	if slices.Sort(approvers); document.Author == "" {
		if approvers = slices.Compact(approvers); len(approvers) > 1 {
			return usageError{fmt.Errorf("--author: the waivers were approved by %s; name who says so", strings.Join(approvers, ", "))}
		}
		document.Author = strings.Join(approvers, "")
	}
	if len(document.Statements) == 0 {
		return fmt.Errorf("none of the waivers is in force and about a vulnerability: there is nothing to state")
	}
	return openvex.Write(w, document)
}

// statementsOf says in VEX's words what a waiver says, one statement for each vulnerability.
func statementsOf(w policy.Waiver) ([]advisory.VEXStatement, error) {
	if len(w.Vulnerabilities()) == 0 {
		return nil, nil
	}
	products, err := productsOf(w)
	if err != nil {
		return nil, fmt.Errorf("waiver %s cannot be said in OpenVEX: %w", w.ID(), err)
	}
	s := advisory.VEXStatement{Products: products}
	switch w.Decision() {
	case policy.NotAffected, policy.FalsePositive:
		s.Status, s.Justification, s.Impact = advisory.VEXNotAffected, w.Justification(), w.Reason()
	case policy.AcceptRisk:
		s.Status, s.Action = advisory.VEXAffected, w.Action()
		if s.Action == "" {
			s.Action = "the risk is accepted: " + w.Reason()
		}
	default:
		s.Status = advisory.VEXUnderInvestigation
	}
	var statements []advisory.VEXStatement
	for _, id := range w.Vulnerabilities() {
		s.Vulnerabilities = []string{id}
		statements = append(statements, s)
	}
	return statements, nil
}

// productsOf returns the images that a waiver is about, with its packages as their parts; or the
// packages. Patterns are no products: whoever reads the document would have to guess.
func productsOf(w policy.Waiver) ([]advisory.VEXProduct, error) {
	for _, pattern := range slices.Concat(w.Purls(), w.Images()) {
		if strings.Contains(pattern, "*") {
			return nil, fmt.Errorf("%s is a pattern, and a statement names its products; write it out", pattern)
		}
	}
	var images []string
	for _, repository := range w.Images() {
		name := repository[strings.LastIndexByte(repository, '/')+1:]
		for _, digest := range w.Digests() {
			images = append(images, fmt.Sprintf("pkg:oci/%s@%s?repository_url=%s", name, strings.ReplaceAll(digest.String(), ":", "%3A"), repository))
		}
		if len(w.Digests()) == 0 {
			images = append(images, fmt.Sprintf("pkg:oci/%s?repository_url=%s", name, repository))
		}
	}
	var products []advisory.VEXProduct
	switch {
	case len(images) > 0:
		for _, purl := range images {
			products = append(products, part(vex.Product(purl, nil), w.Purls()))
		}
	case len(w.Digests()) > 0:
		for _, digest := range w.Digests() {
			products = append(products, part(vex.Product(digest.String(), nil, digest), w.Purls()))
		}
	default:
		for _, purl := range w.Purls() {
			products = append(products, vex.Product(purl, nil))
		}
	}
	if len(products) == 0 {
		return nil, fmt.Errorf("it names neither purls nor images nor digests, and a statement names its products")
	}
	return products, nil
}

func part(p advisory.VEXProduct, purls []string) advisory.VEXProduct {
	for _, purl := range purls {
		p.Subcomponents = append(p.Subcomponents, vex.Part(purl)...)
	}
	return p
}
