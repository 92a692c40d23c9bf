package policy

// The words of docs/policy-reference.md around its tables.

const pageBeginning = "<!-- Written by policy.Reference: go generate ./policy. Change the code, not this page. -->\n" + `# Policy reference

All that a policy can say. Who knows this page needs no other to write one. Three ready policies to copy stand in
[policy/ready](../policy/ready), each with its tests: ` + "`starter`, `strict` and `regulated`" + `.

` + "```yaml" + `
apiVersion: plimsoll.dev/v1
kind: Policy
metadata: {name: baseline, owner: appsec@example.com, version: 3}
scope: {images: ["registry.example/**"], except: ["registry.example/sandbox/**"]}
actions: {build: warn, ship: deny, admit: deny, run: warn}
defaults: {onUnknown: deny, unknownSeverity: high, maxDatabaseAge: 72h, verdictMaxAge: 24h}
waivers: {approvers: [appsec@example.com], longest: {critical: 14d, high: 90d}}
rules:
  - id: known-exploited
    deny: {kev: true}
  - id: critical-with-fix
    deny: {severity: [critical], fixAvailableFor: 7d}
  - id: likely-exploited
    where: f.epss > 0.5 && f.severity in ["high", "critical"]
    message: "{{.Count}} findings are likely to be exploited"
  - id: small-surface
    expr: size(packages) < 400
` + "```" + `

` + "`plimsoll policy lint FILE`" + ` says what is wrong with a file, with line and column. ` + "`plimsoll policy test DIR`" + ` runs
its tests. ` + "`plimsoll check IMAGE --policy FILE`" + ` holds an image against it; ` + "`--policy strict`" + ` takes the ready policy of
that name, and a file called so is given by its path (./strict).

## A policy
A file holds one or several policies, divided by ` + "`---`" + `. It is read strictly: a key that is not known, a key that stands twice,
a value of the wrong form, an anchor, an alias, a tag are errors. Values need quotes where YAML would take them for
something else: patterns that begin with ` + "`*`" + ` or hold ` + "`: `" + `, expressions that begin with ` + "`!`" + `, ` + "`[`" + ` or ` + "`{`" + `, and versions such as ` + "`\"1.10\"`" + `.

Several policies may be given: each that is in scope for the image is evaluated, and the strictest outcome counts. An
image for which no policy is in scope is denied: the rule ` + "`scope`" + ` is unknown.

`

const pageActions = `### Stages and actions
The same rules are evaluated at four stages, and give the same results at each: ` + "`build`" + ` (laptop, CI), ` + "`ship`" + ` (registry),
` + "`admit`" + ` (Kubernetes), ` + "`run`" + ` (what runs). Only what is done about a result depends on the stage. ` + "`off`" + ` allows whatever the
result, also unknown. A rule cannot ask for the stage; it can have ` + "`actions`" + ` of its own.

To have a rule count for some images only ("in production"), either put it in a policy with that ` + "`scope`" + `, or add
criteria of the image to it: ` + "`deny: {severity: [critical], repository: [\"prod/**\"]}`" + `.

## Rules
A rule has an ` + "`id`" + `, and one of ` + "`deny`, `where` and `expr`" + `.

`

const pageRules = `- **All** criteria that ` + "`deny`" + ` names must hold of **one** vulnerability, package or file for it to offend. "Or" is another rule.
- A criterion whose value is a list holds if **one** member does. ` + "`{notIn: [a, b]}`" + ` holds if none does. A criterion of something that the
  image has several of (` + "`env`, `exposedPort`, `instruction`" + `) holds if it holds of one of them: ` + "`exposedPort: {notIn: [\"8080/tcp\"]}`" + ` denies an
  image that exposes any other port.
- There is no "not" otherwise: ` + "`deny`" + ` says what is bad. ` + "`fixable: false`" + ` asks for those without a fix, ` + "`kev: false`" + ` for those
  that are not known to be exploited.
- Criteria of the image go with any others; beside them, a rule's criteria are all asked of the same kind of thing.
  No vulnerability is a package, and no package a file: such rules are refused. ` + "`package`" + ` asks in which package a
  vulnerability is; ` + "`component`" + ` asks for packages, whatever is wrong with them.
- The column "in CEL" says exactly what a criterion asks. In it ` + "`p` is the package and `file`" + ` the file; expressions of your own have
  ` + "`packages` and `files`" + ` in their place.
- Where a criterion has no answer for something, such as a vulnerability that nobody has rated, the rule is undecided
  about it, unless another criterion already rules it out.

### Values
| Form | Meaning |
| --- | --- |
| pattern | The whole text; upper and lower case differ. ` + "`*`" + ` stands for any characters but ` + "`/`, `**`" + ` for any characters. There are no other wildcards. Where a ` + "`/`" + ` may stand, as in the value of a variable, write ` + "`**`: `\"DEBUG=**\"`" + `. To find something inside a text: ` + "`\"**debug**\"`" + `. |
| pattern of repositories | ` + "`registry.example/team/**`" + `: with the registry, without tag and digest. It does not mean ` + "`registry.example/team`" + ` itself: list both. What is on Docker Hub is written as the image's name is: ` + "`alpine` or `docker.io/library/alpine`" + `. |
| pattern of package URLs | ` + "`pkg:TYPE/NAMESPACE/NAME@VERSION`" + `; no version means all, qualifiers are ignored. It means the package itself, or the source package that it was built from: ` + "`pkg:deb/debian/openssl` means `libssl3` too. Examples: `pkg:golang/**`, `pkg:npm/lodash@4.*`, `pkg:maven/org.apache.logging.log4j/log4j-core`, `pkg:apk/alpine/*`" + `. |
| pattern of paths | From the root: ` + "`/usr/bin/su`, `/app/**`, `**/bin/bash`" + `. |
| pattern of labels | ` + "`key`, or `key=value`" + `; both are patterns. |
| hours or days | ` + "`72h`, `14d`" + `; a day has 24 hours. "At least that long ago": ` + "`7d`" + ` holds from the seventh day on, to the second. |
| number | ` + "`0.1`, `7`" + `: at least that much. |

### Criteria

`

const pageResults = `## Results and outcomes
A rule has one result, which does not depend on the stage. The first of these that is so: %s.

| Result | When | Outcome at a stage |
| --- | --- | --- |
| ` + "`error`" + ` | An expression gives no answer: a division by zero, a list without the member that is asked for, too high a cost. | ` + "`defaults.onError`" + ` |
| ` + "`fail`" + ` | At least ` + "`atLeast`" + ` things offend. | the rule's action for the stage, else the policy's, else ` + "`deny`" + ` |
| ` + "`unknown`" + ` | Fewer offend, and with those that it is undecided about there could be enough; or something that the rule reads was not seen in full. | ` + "`defaults.onUnknown`" + `, but no more than the action |
| ` + "`deferred`" + ` | The only thing missing is an input that cannot exist yet. | allowed before the stage at which the input comes; from there on as unknown |
| ` + "`waived`" + ` | Things offend, and with all of them left to waivers. | allowed |
| ` + "`pass`" + ` | Nothing offends, and all was seen. | allowed |

Where the action is ` + "`off`" + `, the outcome is ` + "`allow`" + ` whatever the result. The image's outcome at a stage is the strictest of all rules of
all policies in scope: ` + "`allow`, `warn`, `deny`" + `.

**Not known is never a pass.** A report's coverage says of each dimension (` + "`packages/deb`, `advisories/Debian:12`, `files`, `secret`, `config`,\n`license`" + `) whether it
was seen in full: ` + "`full`, `partial`, `not-run` or `unknown`" + `. A rule that would pass, and reads a dimension that is not full, is unknown.
What is no image, such as an unpacked folder, has no configuration: criteria that read it are undecided.
An offender that was found makes it fail all the same. Where a criterion of the image already rules an image out, what
was not seen does not matter.

**Deferred.** Criteria marked so, and expressions that depend on ` + "`workload`" + `, read what a scan does not have. If the rest of the
rule decides it without them, it is decided. At the stage named and after it a deferred rule counts as unknown. This version
has no input for ` + "`firstSeenInImageFor`, `firstSeenInFleetFor`, `secret`, `malware` and `workload`" + `: give such a rule ` + "`actions`" + ` with ` + "`off`" + ` from there on.

**Evidence.** Rules that read it are deferred to the stage ` + "`ship`" + ` where nobody has gathered it: nothing can be signed before it is built.
Where it was gathered, only what was verified counts, by the names of the trust document. Where not all that is there could
be read or verified, what was found decides what it can, and what was not found is unknown: never a pass.

**Valid until.** A verdict ends at the first moment at which time alone may change it: ` + "`verdictMaxAge`, `maxDatabaseAge`" + `, a threshold
of age or of ` + "`fixAvailableFor`" + ` that is reached, a waiver's beginning or end.

`

const pageExpressions = `## Expressions
Expressions are [CEL](https://cel.dev), checked when the policy is read. ` + "`where`" + ` is asked of each finding, as ` + "`f`" + `, and denies what it is true
of. ` + "`expr`" + ` is asked of the image, and **must be true**. Prefer criteria where there is one: they say better what is wrong, and how
to mend it.

- Operators: ` + "`&& || ! == != < <= > >= + - * / % in ?:`" + `. Texts are in double quotes. Times: ` + "`now - f.published > duration(\"720h\")`" + ` (hours,
  not days).
- Lists: ` + "`size(packages)`, `findings.exists(f, f.kev)`, `packages.all(p, p.type != \"npm\")`, `packages.filter(p, ...)`, `.map(p, ...)`" + `.
- Texts: ` + "`s.startsWith(\"a\")`, `.endsWith()`, `.contains()`, `.matches(\"regular expression of RE2\")`, `.like(\"pattern of ours\")`" + `.
- Maps: ` + "`\"key\" in image.labels`, `image.labels[\"key\"]` (an error if it is not there), `image.labels.?key.orValue(\"\")`, `image.labels[?\"key.with.dots\"].orValue(\"\")`" + `.
- **What is not known** makes the rule unknown, unless the rest decides: ` + "`f.kev || f.epss > 0.5`" + ` is true of what is known to be exploited,
  scored or not. ` + "`has(f.epss)`" + ` asks whether it is known; a rule that begins with ` + "`has(f.epss) &&`" + ` takes what is not known for harmless,
  and says so.
- A ` + "`where`" + ` that reads members that only vulnerabilities have is asked of vulnerabilities. One that reads only ` + "`id`, `names`, `title`, `severity`,\n  `rated`, `status`" + ` or ` + "`kind`" + ` is asked of every finding, also of configuration: add ` + "`f.kind == \"vulnerability\"`" + ` to ask of those alone.
- Coverage: ` + "`where`" + ` reads packages and advisories (and ` + "`config`" + `, if it is asked of every finding); ` + "`expr`" + ` reads what its variables stand
  for: ` + "`packages`, `findings` (packages and advisories), `files`, and `config` for `image.user`, `labels`, `env`, `exposedPorts`, `entrypoint`,\n  `healthcheck`, `created`" + `.
- An expression that reads ` + "`now`" + ` makes the verdict valid for a day at most.

`

const pageWaivers = `## Waivers
A waiver is an exception: somebody answers for it, somebody else has approved it, and it ends. Waivers stand in files of
their own and are given with ` + "`--waivers FILE`" + `.

` + "```yaml" + `
apiVersion: plimsoll.dev/v1
kind: Waiver
metadata: {id: W-2026-0042, owner: team-pay@example.com, approvedBy: appsec@example.com, approvedAt: 2026-12-01T09:00:00Z, ticket: PAY-991}
match: {vulnerabilities: [CVE-2026-1], purls: ["pkg:deb/debian/openssl"], images: ["registry.example/pay/**"]}
decision: accept_risk
reason: TLS server path is not linked
expires: 2026-12-30T00:00:00Z
` + "```" + `

`

const pageWaiverRules = `- ` + "`match`" + ` names vulnerabilities, rules, or both. Inside a list, one must fit; all lists that are given must.
- A waiver of rules without ` + "`vulnerabilities`" + ` waives whatever offends in them: packages and files too. If the rule is about the image,
  name neither vulnerabilities nor ` + "`purls`" + `.
- Each waiver is judged alone. Two that overlap do not widen one another.
- A waiver that does not count says why in the verdict: expired, ended, refused (the policy does not let its approver
  approve, or it lasts too long), unused.
- What is waived is told as waived, never left out.

**Signatures.** At ` + "`build`" + `, the word of a file is enough. At ` + "`ship`, `admit` and `run`" + ` a waiver counts only if one of the policy's ` + "`waivers.approvers`" + `
has signed its file, under that name in the trust document, and is not its owner (` + "`\"*\"`" + `: anybody whom the trust lets sign waivers); a VEX
statement only if one of ` + "`vex.signers`" + ` has, and that of every policy in scope. A rule's result does not depend on the stage:
exceptions that nobody has signed are in it. Where a rule would come to something else without them, the rule
` + "`signed-exceptions`" + ` fails: it is off at ` + "`build`" + `, and does from ` + "`ship`" + ` on what the rules would do without them.

**VEX.** Statements of VEX documents (` + "`--vex FILE`" + `) are applied before the rules: what is ` + "`not_affected`" + ` or ` + "`fixed`" + ` no longer offends, what is
` + "`under_investigation`" + ` does, and can be asked for with the criterion ` + "`status`" + `. A statement counts if its product is the image (by digest, or by
name) or the package. Of several about the same, the newest counts. One that says ` + "`not_affected`" + ` must say why.

`

const pageTests = `## Tests
Tests stand in files beside the policy, of the kind ` + "`PolicyTest`" + `, and are run by ` + "`plimsoll policy test`" + `.

` + "```yaml" + `
apiVersion: plimsoll.dev/v1
kind: PolicyTest
policy: baseline
policies: [baseline.yaml]
cases:
  - name: nothing is wrong
    expect: {outcome: allow}
  - name: fix has existed for 8 days
    at: 2026-11-20T00:00:00Z
    stage: admit
    patch: {findings: [{id: CVE-2026-1, severity: critical, fixedIn: ["1.2"], fixKnownSince: 2026-11-12T00:00:00Z}]}
    expect: {outcome: deny, fail: [critical-with-fix]}
  - name: same, waived until the 30th
    extends: fix has existed for 8 days
    waivers: [waivers/app-42.yaml]
    expect: {outcome: allow, waived: [critical-with-fix]}
` + "```" + `

`

const pageTestRules = `- **The clean image**, which cases begin with unless ` + "`base`" + ` names a report: ` + "`registry.example/app:1.0`" + ` by its digest, linux/amd64, built a day ago on
  ` + "`registry.example/base/debian:12`" + ` (maintained for a year), user 65532, the labels org.opencontainers.image.source and .title, port 8080/tcp, two layers with together 90 MB; the packages
  ` + "`pkg:deb/debian/openssl@3.0.17-1~deb12u2` and `pkg:deb/debian/zlib1g@1:1.2.13.dfsg-1`" + ` with their licences; no findings; all dimensions
  full; a database checked an hour ago that has EPSS and KEV. Everything is known about it, and nothing is wrong with it.
- **A patch** has the members of a report: ` + "`target`, `distro`, `packages`, `files`, `findings`, `coverage`, `database`, `scannedAt`" + `, by the names that ` + "`scan --format\n  json`" + ` writes them under. Members that it does not name stay. A list's members are added; one with the same ` + "`key`" + ` (findings),
  ` + "`purl`" + ` (packages), ` + "`path`" + ` (files) or ` + "`name`" + ` (sources) replaces. ` + "`null`" + ` takes away, also inside: ` + "`distro: null`, `distro: {eol: null}`, `target: {base: null}`, `coverage: {packages/deb: null}`" + `. What is not there is not known.
- **Evidence** is none of a report's members, and a member of the case: ` + "`evidence: {items: [{predicateType: \"https://sigstore.dev/cosign/sign/v1\", signers: [ci-main]}]}`" + `;
  with ` + "`incomplete: why`" + `, not all could be read. ` + "`evidence: {}`" + ` is none, gathered.
- **A finding** needs its ` + "`id`" + `. It is a vulnerability, in the image's first package, without a severity, and ` + "`fixState`" + ` follows from ` + "`fixedIn`" + `, unless
  it says otherwise: ` + "`package`, `severity`, `epss`, `kev`, `fixedIn`, `fixState`, `fixKnownSince`, `published`, `aliases`, `ratings: [{source: nvd, score: 9.8}]`" + `.
  Configuration findings follow from ` + "`target.config`, as in a scan: `target: {config: {user: root}}`" + `.
- **A day and a time**: ` + "`distro: {eol: 2026-08-01}`" + ` is a day, ` + "`target: {config: {created: 2026-08-01T00:00:00Z}}`" + ` a time. A finding's ` + "`status`" + `
  comes from ` + "`vex` and `waivers`" + ` only. A file is ` + "`{path: app/run, mode: 0755}`" + `.
- **A package** needs its ` + "`purl`" + `, and its licence is not known unless ` + "`licenses`" + ` says so. To deny packages without one: ` + "`expr: packages.all(p, has(p.licenses))`" + `.
- Files: ` + "`files: {setuid: [{path: usr/bin/su, mode: 04755}], unowned: [...]}`" + `. Layers: ` + "`target: {layers: [{unpacked: 600000000}]}`" + `.
- Rules that no list of ` + "`expect`" + ` names are not judged.
- **Coverage.** Every rule must have been seen to fail in some case, and to pass in some case: else ` + "`policy test`" + ` says which were not, and
  exits with 3, unless ` + "`--allow-uncovered`" + `. A rule that is deferred in some case is covered. For ` + "`database-age`" + `, unknown stands for a failure.

`

const pagePeers = `## Where others have it
StackRox's fields of the stage build, and NeuVector's criteria on vulnerabilities and images. Their other fields are
about workloads, processes and requests, which no image has.

`
