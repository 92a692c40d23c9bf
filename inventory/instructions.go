package inventory

import (
	"regexp"
	"strings"

	"plimsoll.dev/plimsoll/image"
)

// Bounds of what a report repeats of an image's history. Docker makes no image of more than 127
// layers; the longest lines in use, of scripts that compile a language, have some 5 KiB.
const (
	// MostInstructions is how many lines are listed.
	MostInstructions = 1000
	// MaxInstruction is how many bytes of a line are listed.
	MaxInstruction = 16 << 10
)

// InstructionsCut tells whether a history has more lines than are listed, or longer ones.
func InstructionsCut(history []image.History) bool {
	lines := 0
	for _, step := range history {
		if strings.TrimSpace(step.CreatedBy) != "" {
			lines++
		}
		if lines > MostInstructions || len(step.CreatedBy) > MaxInstruction {
			return true
		}
	}
	return false
}

// instructionsOf returns the lines of the Dockerfile as the history tells them: of every step that
// says anything, those that made no layer too.
func instructionsOf(history []image.History) []string {
	read := newHistoryReader()
	var lines []string
	for _, step := range history {
		text := step.CreatedBy
		line := read.instruction(text[:min(len(text), MaxInstruction)])
		if line != "" && len(lines) < MostInstructions {
			lines = append(lines, strings.ToValidUTF8(line, "\uFFFD"))
		}
	}
	return lines
}

// The marks of the builders in a history. The classic one (moby, builder/dockerfile/dispatchers.go)
// writes `SHELL -c COMMAND` for RUN and `SHELL -c #(nop)  LINE` for all else, as Buildah does;
// BuildKit (frontend/dockerfile/dockerfile2llb/convert.go) `RUN SHELL -c COMMAND # buildkit`. Both
// put the values of build arguments before a command: `|2 A=x B=y SHELL -c COMMAND`.
const (
	noCommand   = "#(nop)"
	byBuildKit  = "# buildkit"
	runsCommand = "RUN "
)

// shellPattern matches the shell that a command is handed to, as images set one with SHELL: by its
// name or its path, which is no part of a value.
const shellPattern = `(?:(?:/(?:[^\s=]*/)?)?(?:ba|da|a|z|k)?sh(?: -\w*o \w+| -\w+)* -\w*c|cmd /S /C)(?: |$)`

// historyReader reads the steps of a history.
type historyReader struct {
	secret                       secrets
	shell, anyShell              *regexp.Regexp
	arguments, variables, spaced *regexp.Regexp
}

func newHistoryReader() historyReader {
	return historyReader{
		secret: newSecrets(),
		shell:  regexp.MustCompile(`^` + shellPattern), anyShell: regexp.MustCompile(`(?:^| )` + shellPattern),
		arguments: regexp.MustCompile(`^\|\d{1,3} `),
		variables: regexp.MustCompile(`(?i)^(?:ENV|ARG)\s`), spaced: regexp.MustCompile(`(?i)^(?:ENV|ARG)\s+([^\s=]+)\s+`),
	}
}

// instruction returns a step in the Dockerfile's own spelling. What another builder wrote (kaniko,
// ko, Jib, Bazel) stays as it is.
func (r historyReader) instruction(createdBy string) string {
	line := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(createdBy), byBuildKit))
	command, isRun := strings.CutPrefix(line, runsCommand)
	if arguments := r.arguments.FindString(command); arguments != "" {
		return strings.TrimSpace(runsCommand + r.withoutArguments(command[len(arguments):]))
	}
	shell := r.shell.FindString(command)
	if shell == "" {
		return r.redactLine(line)
	}
	command = strings.TrimSpace(command[len(shell):])
	if other, isOther := strings.CutPrefix(command, noCommand); isOther && !isRun {
		return r.redactLine(strings.TrimSpace(other))
	}
	return strings.TrimSpace(runsCommand + command)
}

// withoutArguments returns the command that follows the build arguments. The history quotes
// nothing: where no shell shows where they end, each is taken for a word, but a value that is
// secret may be several, so nothing is told of what follows it.
func (r historyReader) withoutArguments(text string) string {
	if at := r.anyShell.FindStringIndex(text); at != nil {
		return strings.TrimSpace(text[at[1]:])
	}
	if r.redactWords(text) != text {
		return redacted
	}
	words := strings.Fields(text)
	for len(words) > 0 && strings.Contains(words[0], "=") {
		words = words[1:]
	}
	return strings.Join(words, " ")
}

// redact hides what looks secret in a step and leaves the builder's spelling.
func (r historyReader) redact(createdBy string) string {
	line := strings.TrimPrefix(createdBy, runsCommand)
	before := createdBy[:len(createdBy)-len(line)]
	if r.arguments.MatchString(line) {
		end := len(line)
		if at := r.anyShell.FindStringIndex(line); at != nil {
			end = at[0]
		}
		return before + r.redactWords(line[:end]) + line[end:]
	}
	if at := strings.Index(line, noCommand); at >= 0 && r.shell.MatchString(line) {
		other := strings.TrimLeft(line[at+len(noCommand):], " ")
		return createdBy[:len(createdBy)-len(other)] + r.redactLine(other)
	}
	return r.redactLine(createdBy)
}

// redactLine hides the values of the variables in a line ENV or ARG that look secret.
func (r historyReader) redactLine(line string) string {
	if !r.variables.MatchString(line) {
		return line
	}
	if start := r.spaced.FindStringSubmatch(line); start != nil && r.secret.isName(start[1]) { // ENV NAME VALUE
		return start[0] + redacted
	}
	return r.redactWords(line)
}

// redactWords cuts a list of NAME=VALUE off after the first name that looks secret and has a
// value: the history quotes no value, so nothing shows where it ends.
func (r historyReader) redactWords(text string) string {
	for start := 0; ; {
		equals := strings.IndexByte(text[start:], '=')
		if equals < 0 {
			return text
		}
		equals += start
		name := text[start:equals]
		name = name[strings.LastIndexAny(name, " \t\r\n")+1:]
		if r.secret.isName(name) && strings.TrimSpace(text[equals+1:]) != "" {
			return text[:equals+1] + redacted
		}
		start = equals + 1
	}
}
