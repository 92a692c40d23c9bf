package listing

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/pelletier/go-toml/v2"
	"go.yaml.in/yaml/v3"
)

// maxStructured bounds what is read as TOML or YAML: their decoders take up to 130 times the
// file's size in memory (decision 0041). The lock file of a program of a thousand crates has
// 250 KiB.
const maxStructured = 1 << 20

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
	if len(content) > maxStructured {
		return tooLarge()
	}
	if err := toml.Unmarshal(content, into); err != nil {
		return fmt.Errorf("cannot be read as TOML: %w", err)
	}
	return nil
}

// YAML reads content into the value that into points to. Anchors and aliases are refused: no
// program writes them into a lock file, and they are how YAML grows without bound.
func YAML(content []byte, into any) error {
	if len(content) > maxStructured {
		return tooLarge()
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

func tooLarge() error {
	return fmt.Errorf("it is larger than %d bytes, the most that is read of a file in TOML or YAML", maxStructured)
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
