package jar

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// pomFolder is where Maven leaves GROUP/ARTIFACT/pom.properties (Maven Archiver, "Pom Properties").
const pomFolder, pomName = "META-INF/maven/", "/pom.properties"

// isPom tells whether a file holds the properties of an artifact.
func isPom(name string) bool {
	return strings.HasPrefix(name, pomFolder) && strings.HasSuffix(name, pomName) &&
		strings.Count(name[len(pomFolder):], "/") == 2
}

// parsePom reads the properties of an artifact. Group and artifact are those of the folder where
// the properties do not state them. The version is empty if none is stated, or a build tool has
// left it to be filled in.
func parsePom(name string, content []byte) (record.Package, error) {
	folder := strings.TrimSuffix(strings.TrimPrefix(name, pomFolder), pomName)
	group, artifact, _ := strings.Cut(folder, "/")
	version := ""
	for line, rest := nextLine(content); line != nil; line, rest = nextLine(rest) {
		switch key, value := property(line); {
		case value == "" || strings.ContainsAny(value, "${}"):
		case key == "groupId":
			group = value
		case key == "artifactId":
			artifact = value
		case key == "version" && record.IsWord([]byte(value)):
			version = value
		}
	}
	if !isID(group) || !isID(artifact) {
		return record.Package{}, errors.New("its group or artifact is no name")
	}
	return record.Package{Name: group + ":" + artifact, Version: version}, nil
}

// property takes a line apart (java.util.Properties.load). Lines that go on in the next are not
// put together: Maven writes none.
func property(line []byte) (key, value string) {
	line = bytes.TrimLeft(line, " \t\f")
	if len(line) == 0 || line[0] == '#' || line[0] == '!' {
		return "", ""
	}
	end := bytes.IndexAny(line, "=: \t\f")
	if end < 0 {
		return string(line), ""
	}
	after := bytes.TrimLeft(line[end:], " \t\f")
	if len(after) > 0 && (after[0] == '=' || after[0] == ':') {
		after = after[1:]
	}
	return string(line[:end]), unescape(strings.TrimSpace(string(after)))
}

// unescape resolves a property's backslashes.
func unescape(text string) string {
	if !strings.Contains(text, `\`) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' || i+1 == len(text) {
			b.WriteByte(text[i])
			continue
		}
		if i++; text[i] == 'u' && i+5 <= len(text) {
			if code, err := strconv.ParseUint(text[i+1:i+5], 16, 16); err == nil {
				b.WriteRune(rune(code))
				i += 4
				continue
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// isID tells whether a text can be a group or an artifact: Maven allows letters, digits, "_", "-"
// and "." (org.apache.maven.model.validation, "ID").
func isID(text string) bool {
	if text == "" || len(text) > 255 {
		return false
	}
	for i := range len(text) {
		switch c := text[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '-', c == '.':
		default:
			return false
		}
	}
	return true
}
