package policy

import (
	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/decls"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

func attestationType(sbom, verdict *objectType) *objectType {
	of := func(get func(a *Attestation) ref.Val) func(any) ref.Val {
		return func(v any) ref.Val { return get(v.(*Attestation)) }
	}
	return newObjectType("Attestation",
		objectMember{"predicateType", types.StringType, "what kind of statement it is, such as https://slsa.dev/provenance/v1", of(func(a *Attestation) ref.Val { return valueOf(a.PredicateType) })},
		objectMember{"signers", types.NewListType(types.StringType), "who signed it, as the trust calls them", of(func(a *Attestation) ref.Val { return listOf(a.Signers) })},
		objectMember{"signedAt", types.TimestampType, "when it was signed, as a trusted clock says", of(func(a *Attestation) ref.Val { return statedTime(a.SignedAt) })},
		objectMember{"statedAt", types.TimestampType, "when it was made, as it says itself", of(func(a *Attestation) ref.Val { return statedTime(a.StatedAt) })},
		objectMember{"made", types.TimestampType, "the older of the two", of(func(a *Attestation) ref.Val { return statedTime(a.made()) })},
		objectMember{"layout", types.StringType, "how it lies beside the image, such as sigstore-bundle-referrer", of(func(a *Attestation) ref.Val { return stated(a.Layout) })},
		objectMember{"builder", types.StringType, "of provenance: URI of the builder", of(func(a *Attestation) ref.Val { return stated(a.Builder) })},
		objectMember{"buildType", types.StringType, "of provenance: URI of the kind of build", of(func(a *Attestation) ref.Val { return stated(a.BuildType) })},
		objectMember{"sourceRepository", types.StringType, "of provenance: URL of the source, without git+", of(func(a *Attestation) ref.Val { return stated(a.SourceRepository) })},
		objectMember{"sourceRef", types.StringType, "of provenance: such as refs/heads/main", of(func(a *Attestation) ref.Val { return stated(a.SourceRef) })},
		objectMember{"buildLevel", types.IntType, "of provenance: the SLSA build level that the trust gives the builder; 0 if it gives none", of(func(a *Attestation) ref.Val { return types.Int(a.BuildLevel) })},
		objectMember{"sbom", sbom.typ, "of a bill of materials", of(func(a *Attestation) ref.Val {
			if a.SBOM == nil {
				return nil
			}
			return &object{sbom, a.SBOM}
		})},
		objectMember{"verdict", verdict.typ, "of a verdict", of(func(a *Attestation) ref.Val {
			if a.Verdict == nil {
				return nil
			}
			return &object{verdict, a.Verdict}
		})},
	)
}

func sbomType() *objectType {
	return newObjectType("SBOM",
		objectMember{"packages", types.IntType, "how many packages it lists", func(v any) ref.Val { return types.Int(v.(*AttestedSBOM).Packages) }},
		objectMember{"complete", types.BoolType, "whether it says that nothing is missing", func(v any) ref.Val { return types.Bool(v.(*AttestedSBOM).Complete) }},
	)
}

func verdictType() *objectType {
	return newObjectType("Verdict",
		objectMember{"result", types.StringType, "PASSED or FAILED", func(v any) ref.Val { return stated(v.(*AttestedVerdict).Result) }},
		objectMember{"validUntil", types.TimestampType, "until when it is valid, if it ends", func(v any) ref.Val { return statedTime(v.(*AttestedVerdict).ValidUntil) }},
		objectMember{"by", types.StringType, "URI of who decided", func(v any) ref.Val { return stated(v.(*AttestedVerdict).By) }},
	)
}

// signedBy counts those of the names who have signed. CEL's own check of the arguments' types is off:
// it has no list for one that holds something of which nothing is known.
func (e *environment) signedBy() cel.EnvOption {
	arguments := []*types.Type{types.NewListType(e.attestation.typ), types.NewListType(types.StringType), types.IntType}
	return cel.Function("signedBy", decls.DisableTypeGuards(true),
		cel.MemberOverload("evidence_signedBy", arguments, types.BoolType, cel.FunctionBinding(signedBy)))
}

func signedBy(values ...ref.Val) ref.Val {
	evidence, isList := values[0].(traits.Lister)
	list, areNames := values[1].(traits.Lister)
	least, isNumber := values[2].(types.Int)
	if !isList || !areNames || !isNumber {
		return types.NewErr("signedBy wants a list of names and a number")
	}
	var names []string
	for it := list.Iterator(); it.HasNext() == types.True; {
		name, ok := it.Next().(types.String)
		if !ok {
			return types.NewErr("a signer's name is no text")
		}
		names = append(names, string(name))
	}
	signers, more := signersIn(evidence, names)
	if enough := types.Int(len(signers)) >= least; enough || more == nil {
		return types.Bool(enough)
	}
	return more // it may be the one that is missing
}

// signersIn returns those of the names who have signed the image, and the attestation of which
// nothing is known, if there is one.
func signersIn(evidence traits.Lister, names []string) (signers map[string]bool, more *types.Unknown) {
	signers = map[string]bool{}
	for it := evidence.Iterator(); it.HasNext() == types.True; {
		switch value := it.Next().(type) {
		case *types.Unknown:
			more = value
		case *object:
			if a, ok := value.value.(*Attestation); ok {
				a.addSigners(names, signers)
			}
		}
	}
	return signers, more
}
