// Package schema holds the JSON Schemas (draft 2020-12) of the documents that Plimsoll writes:
// the report, the reports on every platform, the diff, the explanation and the preview of policies,
// the results of policy tests, and the manifest of executable files. They are written by hand, for
// readers and for programs in any language; docs/contract.md says what the members mean.
//
// A schema is as strict as the documents are: members and words that are not named are errors.
// A member may be added within a version only together with the program that writes it; a change
// of meaning is a new version and a new file. Tests hold the schemas against the Go types and
// every golden file. This package only embeds the files and validates nothing.
package schema

import _ "embed"

// Report describes plimsoll.dev/report/v1.
//
//go:embed report.v1.schema.json
var Report string

// Reports describes plimsoll.dev/reports/v1.
//
//go:embed reports.v1.schema.json
var Reports string

// Diff describes plimsoll.dev/diff/v1.
//
//go:embed diff.v1.schema.json
var Diff string

// Manifest describes plimsoll.dev/manifest/v1.
//
//go:embed manifest.v1.schema.json
var Manifest string

// Preview describes plimsoll.dev/preview/v1.
//
//go:embed preview.v1.schema.json
var Preview string

// Explanation describes plimsoll.dev/explanation/v1.
//
//go:embed explanation.v1.schema.json
var Explanation string

// PolicyTest describes plimsoll.dev/policytest/v1.
//
//go:embed policytest.v1.schema.json
var PolicyTest string

// Verification describes plimsoll.dev/verification/v1.
//
//go:embed verification.v1.schema.json
var Verification string

// Comparison describes plimsoll.dev/comparison/v1.
//
//go:embed comparison.v1.schema.json
var Comparison string
