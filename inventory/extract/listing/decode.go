package listing

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/pelletier/go-toml/v2"
	"go.yaml.in/yaml/v3"
)

// Bounds of what is read as TOML or YAML, as their decoders take up to 200 times the file's size in
// memory (decision 0019). The lock file of a program of a thousand crates has 250 KiB; those of big
// Python projects 1 or 2 MiB, mostly sums of files.
const (
	maxTOML = 2 << 20
	maxYAML = 1 << 20
	// maxKeys bounds the keys and tables of TOML: the time to see that none is there twice grows
	// with the square of their number. Lock files have one for 50 bytes or more.
	maxKeys = maxTOML / 50
	// maxDots bounds what may be dotted keys, which take most memory. Lock files have a dot for 30
	// bytes or more, in addresses and versions.
	maxDots = maxTOML / 16
)

// JSON reads content into the value that into points to, as encoding/json does. A file that says
// null lists nothing because something went wrong.
func JSON(content []byte, into any) error {
	content = bytes.TrimPrefix(content, []byte("\xef\xbb\xbf")) // .NET's writers begin with it
	if string(bytes.TrimSpace(content)) == "null" {
		return errors.New("it is null")
	}
	if err := json.Unmarshal(content, into); err != nil {
		return fmt.Errorf("cannot be read as JSON: %w", err)
	}
	return nil
}

// TOML reads content into the value that into points to.
func TOML(content []byte, into any) error {
	if len(content) > maxTOML {
		return tooLarge(maxTOML)
	}
	count := func(text string) int { return bytes.Count(content, []byte(text)) }
	if count("=")+count("\n[")-count("\n[[") > maxKeys || count(".") > maxDots {
		return fmt.Errorf("it has more than %d keys and tables, or %d dots, which is more than is read of a file in TOML", maxKeys, maxDots)
	}
	if err := toml.Unmarshal(content, into); err != nil {
		return fmt.Errorf("cannot be read as TOML: %w", err)
	}
	return nil
}

// YAML reads content into the value that into points to. Anchors and aliases are refused: no
// program writes them into a lock file, and they are how YAML grows without bound.
func YAML(content []byte, into any) error {
	if len(content) > maxYAML {
		return tooLarge(maxYAML)
	}
	var document yaml.Node
	err := yaml.Unmarshal(content, &document)
	if err == nil && hasAnchor(&document) {
		err = errors.New("it uses anchors, which lock files do not have")
	}
	if err == nil && len(document.Content) > 0 {
		err = document.Decode(into)
	}
	if err != nil {
		return fmt.Errorf("cannot be read as YAML: %w", err)
	}
	return nil
}

func tooLarge(limit int) error {
	return fmt.Errorf("it is larger than %d bytes, which is more than is read of a file in TOML or YAML", limit)
}

// hasAnchor looks at every node; the decoder has bounded how deep they lie.
func hasAnchor(node *yaml.Node) bool {
	if node.Anchor != "" || node.Kind == yaml.AliasNode {
		return true
	}
	for _, child := range node.Content {
		if hasAnchor(child) {
			return true
		}
	}
	return false
}
