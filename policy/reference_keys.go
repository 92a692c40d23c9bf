package policy

// The keys of the documents, as docs/policy-reference.md lists them. A test holds them against
// what the decoders take.

const (
	formStages   = "a mapping of `build`, `ship`, `admit`, `run` to `off`, `warn` or `deny`"
	formDuration = "hours or days: `72h`, `14d`"
	formMoment   = "day, time and zone: `2026-12-30T00:00:00Z`"
)

func policyKeys() []documentKey {
	return []documentKey{
		{"apiVersion", "`plimsoll.dev/v1`", "Required."},
		{"kind", "`Policy`", "Required."},
		{"metadata.name", "lower-case letters, digits, dots, hyphens; at most 63", "Required. Unlike every other policy's in the file."},
		{"metadata.owner", "text", "Who answers for it."},
		{"metadata.version", "whole number from 1", "Raise it with each change."},
		{"scope.images", "list of patterns of repositories", "What the policy is for: names with the registry and without tag or digest. Not given: every image. A local image without a name is only in the scope of `\"**\"`, or of a policy that gives none."},
		{"scope.except", "list of patterns of repositories", "What it is not for, though `scope.images` says so. That exempts nothing: an image that no other policy is for is denied. To exempt from a rule, add `repository: {notIn: [\"sandbox/**\"]}` to it."},
		{"actions", formStages, "What to do at each stage about a rule that fails. A stage that is not listed denies."},
		{"defaults.onUnknown", "`warn` or `deny`", "What to do where a rule is unknown, or where it was deferred and its time has come, at a stage that denies; one that warns warns. Not given: `deny`. It cannot be allowed."},
		{"defaults.onError", "`warn` or `deny`", "The same where a rule's expression gives no answer. Not given: `deny`."},
		{"defaults.onStale.admittedBefore", "`warn` or `deny`", "What a gate does that has only a verdict that is no longer valid, about an image that it let through before. Not given: `deny`."},
		{"defaults.onStale.new", "`warn` or `deny`", "The same, about any other image. Not given: `deny`."},
		{"defaults.unknownSeverity", "`critical`, `high`, `medium`, `low` or `negligible`", "What a vulnerability counts as that nobody has rated. Not given: rules that ask for a severity are unknown because of it."},
		{"defaults.maxDatabaseAge", formDuration, "Adds the rule `database-age`: unknown if a source of advisories that was used was checked longer ago, or nobody knows when."},
		{"defaults.verdictMaxAge", formDuration, "How long a verdict is valid at most."},
		{"waivers.approvers", "list of texts", "Who may approve waivers, as they write themselves in `metadata.approvedBy`; `\"*\"` is anybody but the waiver's owner. Not given: nobody, and no waiver counts. At `ship`, `admit` and `run` one of them must have signed the file, too, under that name in the trust."},
		{"waivers.longest", "a mapping of `critical`, `high`, `medium`, `low`, `negligible`, `unknown` to hours or days", "How long a waiver of a vulnerability of that severity may last, from `approvedAt`, else from now. Longer ones do not count: without `approvedAt`, one counts in its last days, whenever it was written. A severity that is not listed has no limit; what nobody has rated has that of `unknown`, else of `defaults.unknownSeverity`, else the shortest. There are no approvers per severity."},
		{"vex.signers", "list of names of the trust", "Whose signed VEX documents count. Not given: nobody's; what `--vex` gives counts at `build` alone."},
		{"rules", "list of rules, at least one", "Required."},
	}
}

func ruleKeys() []documentKey {
	return []documentKey{
		{"id", "as `metadata.name`", "Required. Unlike every other rule's of the policy; not `scope`, `database-age` or `signed-exceptions`, which are Plimsoll's own."},
		{"deny", "a mapping of criteria", "What is denied: that of which all criteria hold."},
		{"deny.atLeast", "whole number from 1", "How many must offend before the rule fails (more than ten: 11); 1 if not given. One vulnerability in two packages is two. Not for rules of the image."},
		{"where", "an expression", "Asked of each finding; what it is true of is denied."},
		{"expr", "an expression", "Asked of the image; it must be true. (`deny` and `where` say what is bad, `expr` what is good.)"},
		{"message", "text", "What to say when the rule fails, in place of our words. `{{.Count}}` stands for the number of offenders."},
		{"actions", formStages, "Stages for which this rule overrides the policy's actions."},
	}
}

func waiverKeys() []documentKey {
	return []documentKey{
		{"apiVersion", "`plimsoll.dev/v1`", "Required."},
		{"kind", "`Waiver`", "Required."},
		{"metadata.id", "text", "Required. Unlike every other waiver's in the file."},
		{"metadata.owner", "text", "Required. Who answers for what is waived."},
		{"metadata.approvedBy", "text", "Required. Somebody else, and one of the policy's `waivers.approvers`."},
		{"metadata.approvedAt", formMoment, "When. Before that it does not count. `waivers.longest` is measured from it, else from the time of the evaluation."},
		{"metadata.ticket", "text", "Where it is talked about."},
		{"match.vulnerabilities", "list of ids, without wildcards", "What is waived: id, alias or advisory."},
		{"match.rules", "list of rule ids", "In which rules. Without it, in all."},
		{"match.purls", "list of patterns of package URLs", "In which packages. Without it, in all."},
		{"match.images", "list of patterns of repositories", "For which images. Without it, for all."},
		{"match.digests", "list of digests", "For which digests: of configuration, manifest or index."},
		{"decision", "`not_affected`, `accept_risk`, `false_positive` or `under_investigation`", "Required. `under_investigation` waives nothing; it is only told."},
		{"justification", "one of OpenVEX's: `component_not_present`, `vulnerable_code_not_present`, `vulnerable_code_not_in_execute_path`, `vulnerable_code_cannot_be_controlled_by_adversary`, `inline_mitigations_already_exist`", "Why it is not affected. Only with `not_affected` and `false_positive`."},
		{"reason", "text", "Required. Why, in words."},
		{"actionStatement", "text", "What will be done."},
		{"expires", formMoment, "Required. From then on it does not count."},
		{"endWhen", "`fixAvailable` or `componentChanged`", "What ends it before its time: there is a fix, or there may be one; the versions in `match.purls`, which must all have one, are no longer there."},
	}
}

func testKeys() []documentKey {
	return []documentKey{
		{"apiVersion", "`plimsoll.dev/v1`", "Required."},
		{"kind", "`PolicyTest`", "Required."},
		{"policy", "`metadata.name` of a policy", "Required. Which policy the test is about. No other policy is evaluated: what two come to together is not tested."},
		{"policies", "list of files", "Where it stands, from the test's folder. `--policy` counts before it."},
		{"base", "a file", "The report that every case begins with. Not given: the clean image."},
		{"cases", "list of cases, at least one", "Required."},
		{"cases[].name", "text", "Required. Unlike every other case's."},
		{"cases[].extends", "the name of a case above", "The case begins with all that the other says but what it expects. Patches, waivers and VEX are added to its own. A chain has at most 16 cases."},
		{"cases[].at", formMoment, "When it is evaluated. Not given: when the base was, else an arbitrary day."},
		{"cases[].stage", "`build`, `ship`, `admit` or `run`", "Whose outcome is meant. Not given: `build`."},
		{"cases[].as", "name of an image: `registry.example/app:1.2`", "What the image is called; the clean image is called `registry.example/app:1.0`."},
		{"cases[].patch", "members of a report", "What is otherwise about the image. See below."},
		{"cases[].evidence", "`{items: list, incomplete: why}`, `null` for none gathered", "What is said of the image and was verified, by the names of the members of `Attestation` below; items are added to those of the case that it extends. Not given: none was gathered."},
		{"cases[].waivers", "list of files of waivers, or of waivers written out; signed: `{file: FILE, signedBy: [names]}`, `{waiver: {...}, signedBy: [names]}`", "Exceptions that are given with the image."},
		{"cases[].vex", "list of VEX documents, or of statements written out: `{vulnerabilities: [CVE-2026-1], status: not_affected, impact: not built in}`; signed: `{file: FILE, signedBy: [names]}`, `{statement: {...}, signedBy: [names]}`", "Statements that are given with the image. One that is written out says why with `justification` or `impact`, and may have `issued` (a time) and `products` (package URLs, names of images); without products it is about the whole image."},
		{"cases[].expect.outcome", "`allow`, `warn` or `deny`", "What shall come out at the stage."},
		{"cases[].expect.pass", "list of rule ids", "Rules that shall pass."},
		{"cases[].expect.fail", "list of rule ids", "Rules that shall fail."},
		{"cases[].expect.waived", "list of rule ids", "Rules whose offenders shall all be waived."},
		{"cases[].expect.unknown", "list of rule ids", "Rules that nothing can be said of. `scope` stands for the rule that the policy is for the image."},
		{"cases[].expect.deferred", "list of rule ids", "Rules that cannot be decided yet."},
		{"cases[].expect.error", "list of rule ids", "Rules whose expression shall give no answer."},
	}
}
