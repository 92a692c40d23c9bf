package image

import "slices"

// ChoosePlatform returns the candidate that is for a platform: the first that is exactly the
// wanted one, else the first that is what the request means (Platform.Runs). Candidates without
// a platform, and attestations, are passed over. It fails with *PlatformError if there is none.
func ChoosePlatform(reference string, candidates []Descriptor, want Platform) (Descriptor, error) {
	platforms := make([]Platform, len(candidates))
	for i, c := range candidates {
		if c.Platform != nil && !c.isAttestation() {
			platforms[i] = *c.Platform
		}
	}
	i, err := choose(reference, platforms, want)
	if err != nil {
		return Descriptor{}, err
	}
	return candidates[i], nil
}

// choose returns the place of the platform that suits best; zero platforms are passed over.
func choose(reference string, have []Platform, want Platform) (int, error) {
	exact := want.normal()
	if exact.Architecture == "arm" && exact.Variant == "" {
		exact.Variant = "v7" // what container engines take 32-bit ARM without a variant to mean
	}
	if i := slices.IndexFunc(have, func(p Platform) bool { return p.normal() == exact }); i >= 0 {
		return i, nil
	}
	if i := slices.IndexFunc(have, func(p Platform) bool { return p != Platform{} && p.Runs(want) }); i >= 0 {
		return i, nil
	}
	known := distinct(have)
	return 0, &PlatformError{Reference: reference, Want: want, Have: known[:min(len(known), maxNamed)]}
}

// distinct returns each platform once, in the order of the index.
func distinct(platforms []Platform) []Platform {
	var once []Platform
	for _, p := range platforms {
		if p != (Platform{}) && !slices.Contains(once, p) {
			once = append(once, p)
		}
	}
	return once
}

// isAttestation tells whether an index's entry says something about an image rather than being
// one: BuildKit's attestation manifests, marked by an annotation and by the platform
// "unknown/unknown" (BuildKit, docs/attestations/attestation-storage.md).
func (d Descriptor) isAttestation() bool {
	if d.Annotations["vnd.docker.reference.type"] == "attestation-manifest" {
		return true
	}
	return d.Platform != nil && d.Platform.OS == "unknown" && d.Platform.Architecture == "unknown"
}
