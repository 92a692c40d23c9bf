package evidence

import (
	"encoding/json"
	"fmt"
	"time"
)

// The types of predicate that are made or read here.
const (
	VerdictType    = "https://slsa.dev/verification_summary/v1"        // SLSA VSA v1
	VulnsType      = "https://in-toto.io/attestation/vulns/v0.2"       // a scan's vulnerabilities
	CycloneDXType  = "https://cyclonedx.org/bom"                       // the document itself
	SPDXType       = "https://spdx.dev/Document"                       // the document itself
	OpenVEXType    = "https://openvex.dev/ns/v0.2.0"                   // the document itself
	ManifestType   = "https://plimsoll.dev/predicate/manifest/v1"      // the executable manifest itself
	PolicyType     = "https://plimsoll.dev/predicate/policy/v1"        // about a policy file's bytes
	WaiversType    = "https://plimsoll.dev/predicate/waivers/v1"       // about a waiver file's bytes
	VEXFileType    = "https://plimsoll.dev/predicate/vex/v1"           // about a VEX document's bytes
	DatabaseType   = "https://plimsoll.dev/predicate/advisories/v1"    // about an advisory database
	ProvenanceType = "https://slsa.dev/provenance/v1"                  // SLSA; made of our own release
	OldProvenance  = "https://slsa.dev/provenance/v0.2"                // SLSA, read only
	CosignSignType = "https://sigstore.dev/cosign/sign/v1"             // cosign 3's image signature, read only
	OldVulnsType   = "https://cosign.sigstore.dev/attestation/vuln/v1" // cosign, read only
)

// anyOpenVEX is OpenVEX without a version, as some tools name it.
const anyOpenVEX = "https://openvex.dev/ns"

// Role is what somebody may sign.
type Role string

// The roles.
const (
	Verdicts   Role = "verdicts"
	Waivers    Role = "waivers"
	VEX        Role = "vex"
	Policies   Role = "policies"
	Database   Role = "database"
	Provenance Role = "provenance" // who built it: provenance, and signatures of images
	Scans      Role = "scans"      // what is in it: bills of materials, vulnerabilities, manifests
)

// Roles returns all roles, in the order of a trust document.
func Roles() []Role { return []Role{Verdicts, Waivers, VEX, Policies, Database, Provenance, Scans} }

// RoleOf returns the role that a predicate's signer must have; false if we know no such predicate,
// and the asker has to say.
func RoleOf(predicateType string) (Role, bool) {
	switch predicateType {
	case VerdictType:
		return Verdicts, true
	case WaiversType:
		return Waivers, true
	case OpenVEXType, anyOpenVEX, VEXFileType:
		return VEX, true
	case PolicyType:
		return Policies, true
	case DatabaseType:
		return Database, true
	case ProvenanceType, OldProvenance, CosignSignType:
		return Provenance, true
	case CycloneDXType, SPDXType, VulnsType, OldVulnsType, ManifestType:
		return Scans, true
	default:
		return "", false
	}
}

// times are the members in which predicates say when they were made.
type times struct {
	Created      string `json:"created"`      // of a file, see FileStatement
	TimeVerified string `json:"timeVerified"` // VSA
	Timestamp    string `json:"timestamp"`    // OpenVEX
	LastUpdated  string `json:"last_updated"` // OpenVEX
	CreationInfo struct {
		Created string `json:"created"`
	} `json:"creationInfo"` // SPDX
	Metadata struct {
		ScanFinishedOn  string `json:"scanFinishedOn"`  // vulns
		Timestamp       string `json:"timestamp"`       // CycloneDX
		BuildFinishedOn string `json:"buildFinishedOn"` // provenance v0.2
	} `json:"metadata"`
	RunDetails struct {
		Metadata struct {
			FinishedOn string `json:"finishedOn"`
		} `json:"metadata"`
	} `json:"runDetails"` // provenance v1
}

// StatedTime is when the predicate says that it was made; false if it does not say, or if we do
// not know where it would.
func (s Statement) StatedTime() (time.Time, bool, error) {
	var t times
	if _, known := RoleOf(s.PredicateType); !known {
		return time.Time{}, false, nil
	}
	if err := json.Unmarshal(s.Predicate, &t); err != nil {
		return time.Time{}, false, fmt.Errorf("reading when a predicate was made: %w", err)
	}
	stated := ""
	switch s.PredicateType {
	case VerdictType:
		stated = t.TimeVerified
	case VulnsType, OldVulnsType:
		stated = t.Metadata.ScanFinishedOn
	case CycloneDXType:
		stated = t.Metadata.Timestamp
	case SPDXType:
		stated = t.CreationInfo.Created
	case OpenVEXType, anyOpenVEX:
		if stated = t.LastUpdated; stated == "" {
			stated = t.Timestamp
		}
	case ProvenanceType:
		stated = t.RunDetails.Metadata.FinishedOn
	case OldProvenance:
		stated = t.Metadata.BuildFinishedOn
	case PolicyType, WaiversType, VEXFileType, DatabaseType:
		stated = t.Created
	}
	if stated == "" {
		return time.Time{}, false, nil
	}
	when, err := time.Parse(time.RFC3339, stated)
	if err != nil {
		return time.Time{}, false, fmt.Errorf("reading when a predicate was made: %w", err)
	}
	return when, true, nil
}
