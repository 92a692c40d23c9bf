package inventory

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/image"
)

func TestInstructions(t *testing.T) {
	for _, test := range []struct{ name, createdBy, want string }{
		{"classic: a command", "/bin/sh -c apt-get update", "RUN apt-get update"},
		{"classic: no command", `/bin/sh -c #(nop)  CMD ["x"]`, `CMD ["x"]`},
		{"classic: a file", "/bin/sh -c #(nop) ADD file:3a1c in / ", "ADD file:3a1c in /"},
		{"classic: build arguments", "|2 A=b C=d e /bin/sh -c make C=x", "RUN make C=x"},
		{"classic: another shell", "/bin/bash -o pipefail -c curl x | sh", "RUN curl x | sh"},
		{"classic: another shell with several options", "/bin/bash -exo pipefail -c make", "RUN make"},
		{"classic: nothing but a shell", "/bin/sh -c", "RUN"},
		{"BuildKit: a command", "RUN /bin/sh -c apt-get update # buildkit", "RUN apt-get update"},
		{"BuildKit: a copy", "COPY a b # buildkit", "COPY a b"},
		{"BuildKit: no mark", `ENTRYPOINT ["/app"]`, `ENTRYPOINT ["/app"]`},
		{"BuildKit: build arguments", "RUN |1 A=b /bin/sh -c x # buildkit", "RUN x"},
		{"BuildKit: build arguments and a program", "RUN |1 A=b make all # buildkit", "RUN make all"},
		{"BuildKit: several lines", "RUN /bin/sh -c set -eux; \tmake # buildkit", "RUN set -eux; \tmake"},
		{"BuildKit: a command that holds the other's mark", "RUN /bin/sh -c #(nop) USER 1000 # buildkit", "RUN #(nop) USER 1000"},
		{"a program called like a shell", "RUN /usr/bin/fish -c x", "RUN /usr/bin/fish -c x"},
		{"a shell without a command", "RUN sh /build.sh", "RUN sh /build.sh"},
		{"kaniko", "RUN apk add curl", "RUN apk add curl"},
		{"ko", "ko build ko://example.test/cmd", "ko build ko://example.test/cmd"},
		{"Jib", "jib-maven-plugin:3.4.0", "jib-maven-plugin:3.4.0"},
		{"a value that ends as a shell is called", "|1 TOKEN=x/sh -c", "RUN <redacted>"},
		{"a mark in the middle", "RUN x # buildkit y", "RUN x # buildkit y"},
		{"a secret variable", "/bin/sh -c #(nop)  ENV A=b API_TOKEN=s3cr3t", "ENV A=b API_TOKEN=<redacted>"},
		{"a secret of several words", "ENV PASSWORD=one two=three", "ENV PASSWORD=<redacted>"},
		{"a secret after a space", "ENV TOKEN= s3cr3t", "ENV TOKEN=<redacted>"},
		{"a secret in the old form", "ENV API_TOKEN s3cr3t more", "ENV API_TOKEN <redacted>"},
		{"a secret after an empty value", "ARG A= SECRET=x", "ARG A= SECRET=<redacted>"},
		{"in small letters", "env token=x", "env token=<redacted>"},
		{"no value, no secret", "ARG TOKEN", "ARG TOKEN"},
		{"an empty value is none", "ARG TOKEN=", "ARG TOKEN="},
		{"other lines are as they are", "LABEL token=x", "LABEL token=x"},
		{"a secret among build arguments goes with them", "RUN |1 TOKEN=x /bin/sh -c make # buildkit", "RUN make"},
		{"a secret among build arguments whose end is not known", "RUN |1 TOKEN=x y make # buildkit", "RUN <redacted>"},
		{"bytes that are no text", "COPY \xff a", "COPY \uFFFD a"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := instructionsOf([]image.History{{}, {CreatedBy: test.createdBy, EmptyLayer: true}, {CreatedBy: " "}})
			if diff := cmp.Diff([]string{test.want}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestCreatedByIsRedacted: it stays in the builder's spelling and shows no secret.
func TestCreatedByIsRedacted(t *testing.T) {
	for createdBy, want := range map[string]string{
		"|2 A=b TOKEN=x y /bin/sh -c make":           "|2 A=b TOKEN=<redacted> /bin/sh -c make",
		"RUN |1 TOKEN=x make # buildkit":             "RUN |1 TOKEN=<redacted>",
		"RUN |1 A=b /bin/sh -c make # buildkit":      "RUN |1 A=b /bin/sh -c make # buildkit",
		"/bin/sh -c #(nop)  ENV TOKEN=x":             "/bin/sh -c #(nop)  ENV TOKEN=<redacted>",
		"ENV TOKEN=x":                                "ENV TOKEN=<redacted>",
		"/bin/sh -c apt-get update":                  "/bin/sh -c apt-get update",
		"RUN /bin/sh -c make TOKEN=x # buildkit":     "RUN /bin/sh -c make TOKEN=x # buildkit",
		"/bin/sh -c #(nop) ADD file:3a1c in /app   ": "/bin/sh -c #(nop) ADD file:3a1c in /app   ",
	} {
		if got := newHistoryReader().redact(createdBy); got != want {
			t.Errorf("%q gives %q, want %q", createdBy, got, want)
		}
	}
}

func TestInstructionsAreBounded(t *testing.T) {
	line := image.History{CreatedBy: "RUN " + strings.Repeat("x", MaxInstruction-4)}
	whole := make([]image.History, MostInstructions)
	for i := range whole {
		whole[i] = image.History{CreatedBy: "RUN x"}
	}
	for name, test := range map[string]struct {
		history []image.History
		lines   int
		longest int
		cut     bool
	}{
		"as many as are listed":   {whole, MostInstructions, 5, false},
		"empty ones do not count": {append(whole[:len(whole):len(whole)], image.History{}), MostInstructions, 5, false},
		"one more":                {append(whole[:len(whole):len(whole)], line), MostInstructions, 5, true},
		"as long as is listed":    {[]image.History{line}, 1, MaxInstruction, false},
		"longer":                  {[]image.History{{CreatedBy: line.CreatedBy + "x"}}, 1, MaxInstruction, true},
	} {
		t.Run(name, func(t *testing.T) {
			lines := instructionsOf(test.history)
			if len(lines) != test.lines || len(lines[0]) != test.longest {
				t.Errorf("%d lines, the first of %d bytes", len(lines), len(lines[0]))
			}
			if got := InstructionsCut(test.history); got != test.cut {
				t.Errorf("cut: %v", got)
			}
		})
	}
}

// FuzzInstructions: no history makes the reader panic; a value of a variable whose name looks
// secret is never told, neither in the line nor in the builder's own spelling.
func FuzzInstructions(f *testing.F) {
	f.Add("\v", "0") // white space to some
	for _, prefix := range []string{"ENV A=b ", "/bin/sh -c #(nop)  ARG ", "RUN |2 A=b ", "|1 ", "env ", "ENV A= "} {
		f.Add(prefix, " /bin/sh -c x")
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		const secret = "5ecr3tVALUE"
		if strings.Contains(before+after, secret) {
			return // then it is no secret
		}
		read := newHistoryReader()
		_, _ = read.instruction(before+after), read.redact(before+after)
		for _, start := range []string{"ENV ", "ARG a=b ", "/bin/sh -c #(nop)  ENV ", "|2 A=b ", "RUN |1 "} {
			isOther := strings.HasPrefix(start, "/bin/sh") || read.anyShell.MatchString(start+before+" ")
			if isOther && !strings.HasSuffix(start, "ENV ") || strings.Contains(before, "|") || read.anyShell.MatchString(before+" ") {
				continue // the text before the name is a shell's, and what follows it a command
			}
			step := start + before + " MY_TOKEN=" + secret + after
			if got := read.instruction(step); strings.Contains(got, secret) && !strings.HasPrefix(got, "RUN ") {
				t.Errorf("%q gives %q", step, got)
			}
			if got := read.redact(step); strings.Contains(got, secret) {
				t.Errorf("%q is redacted to %q", step, got)
			}
		}
	})
}

func TestBase(t *testing.T) {
	const name, digest = "org.opencontainers.image.base.name", "org.opencontainers.image.base.digest"
	sum := image.DigestOf([]byte("base"))
	for _, test := range []struct {
		name                string
		labels, annotations map[string]string
		want                *Base
	}{
		{"nothing", nil, nil, nil},
		{"annotations", nil, map[string]string{name: "debian:12", digest: sum.String()}, &Base{Name: "debian:12", Digest: sum}},
		{"labels", map[string]string{name: "debian:12", digest: sum.String()}, nil, &Base{Name: "debian:12", Digest: sum}},
		{"labels before annotations", map[string]string{name: "debian:12"}, map[string]string{name: "debian:11", digest: sum.String()}, &Base{Name: "debian:12"}},
		{"a digest alone names nothing", map[string]string{digest: sum.String()}, nil, nil},
		{"a digest that is none", map[string]string{name: "debian:12", digest: "sha512:00"}, nil, &Base{Name: "debian:12"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			img := &image.Image{ID: sum, Config: image.Config{Labels: test.labels}, Annotations: test.annotations}
			if diff := cmp.Diff(test.want, TargetOf(img).Base, cmp.Comparer(func(a, b image.Digest) bool { return a == b })); diff != "" {
				t.Error(diff)
			}
		})
	}
}
