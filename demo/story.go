package main

// step is an image and what is to come of it.
type step struct {
	image  recipe
	status int // the exit status of plimsoll check
	title  string
	says   string
}

// The exit statuses of plimsoll check that decide; docs/contract.md has them all.
const (
	allowed = 0
	denied  = 3
)

// story is the demo: the first image, and what its team does about each verdict.
func story() []step {
	return []step{
		{
			image: recipe{system: "debian", tag: "v1", module: "go.mod"}, status: denied,
			title: "a Go service on Debian 12",
			says: `Built in June 2023 and not since: the packages that Debian 12 was released with, golang.org/x/net
v0.7.0 in the service, no USER. May it ship?`,
		},
		{
			image: recipe{system: "debian", tag: "v2", module: "fixed.mod", user: "65532"}, status: allowed,
			title: "the same, rebuilt",
			says: `Current packages, a current x/net, USER 65532. What is still listed crosses no line: nothing of it
is known to be exploited, and nothing critical has a fix.`,
		},
		{
			image: recipe{system: "alpine", tag: "v1", module: "halfway.mod", leftovers: true}, status: denied,
			title: "the service moves to Alpine 3.20.3",
			says: `x/net went up as far as what is known to be exploited asked for (v0.17.0), no further.
The image was built in one stage: it runs as root, and npm's package-lock.json was left in it, which
lists minimist 1.2.0: something critical, for which there has long been a fix.`,
		},
		{
			image: recipe{system: "alpine", tag: "v2", module: "fixed.mod", user: "65532"}, status: allowed,
			title: "the same on Alpine 3.20.10, in two stages",
			says: `Current packages, a current x/net, USER 65532, and of the build nothing but the program: what is not
in the image needs no upgrade.`,
		},
	}
}

// suggestion is a command to try on the images.
type suggestion struct {
	args   []string
	status int
	says   string
}

func suggestions(dir string) []suggestion {
	return []suggestion{
		{[]string{"scan", "--all", dir + "/debian-v1"}, 0, "every finding"},
		{[]string{"scan", "oci:" + dir + "/debian-v2:v2", "--fail-on", "high"}, denied, "a threshold instead of a policy"},
		{[]string{"check", dir + "/alpine-v1", "--format", "json"}, denied, "for a machine: facts, proofs, verdict"},
		{[]string{"check", dir + "/debian-v1", "--policy", "policy/ready/starter.yaml"}, denied, "the line, as a file: copy it, draw yours"},
		{[]string{"sbom", dir + "/alpine-v2"}, 0, "bill of materials (CycloneDX)"},
		{[]string{"db", "status"}, 0, "what is known, and since when"},
	}
}
