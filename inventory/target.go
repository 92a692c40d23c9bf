package inventory

import (
	"regexp"
	"strings"
	"time"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/rootfs"
)

// TargetOf describes an image.
func TargetOf(img *image.Image) Target {
	t := Target{
		Reference: img.Reference, Repository: img.Repository,
		ImageID: img.ID, Digest: img.Digest, IndexDigest: img.IndexDigest,
		Platform: img.Platform.String(),
		Config: TargetConfig{
			User: img.Config.User, Env: redactEnv(img.Config.Env),
			Entrypoint: img.Config.Entrypoint, Cmd: img.Config.Cmd,
			ExposedPorts: img.Config.ExposedPorts, Labels: img.Config.Labels,
			Healthcheck: img.Config.Healthcheck,
		},
	}
	if created := img.Config.Created; !created.IsZero() {
		t.Config.Created = created.UTC().Format(time.RFC3339)
	}
	if img.ID.IsZero() {
		return t // an unpacked file system: its one layer is made up while it is read
	}
	t.Instructions, t.Base = instructionsOf(img.Config.History), baseOf(img)
	read := newHistoryReader()
	t.Layers = make([]TargetLayer, len(img.Layers))
	for i, l := range img.Layers {
		t.Layers[i] = TargetLayer{Digest: l.Digest, DiffID: l.DiffID, Size: l.Size, CreatedBy: read.redact(l.CreatedBy)}
	}
	return t
}

// baseOf returns the image that an image says it was built from, nil if it says nothing. Labels
// count before the manifest's annotations: they are part of the configuration, which every medium
// has, and a docker-archive has no manifest. A label may have been inherited from the base, and
// then names the base's own: who builds sets both or annotations alone.
func baseOf(img *image.Image) *Base {
	const nameKey, digestKey = "org.opencontainers.image.base.name", "org.opencontainers.image.base.digest"
	for _, stated := range []map[string]string{img.Config.Labels, img.Annotations} {
		if name := stated[nameKey]; name != "" {
			digest, _ := image.ParseDigest(stated[digestKey]) // of what cannot be read nothing is known
			return &Base{Name: strings.ToValidUTF8(name, "\uFFFD"), Digest: digest}
		}
	}
	return nil
}

// redacted stands for a value that looks secret.
const redacted = "<redacted>"

// secrets recognises names whose values are secret.
type secrets struct{ pattern *regexp.Regexp }

func newSecrets() secrets {
	return secrets{regexp.MustCompile(`(?i)(passw|secret|token|credential|api_?key|private|auth)`)}
}

func (s secrets) isName(name string) bool { return s.pattern.MatchString(name) }

// redactEnv hides the values of variables whose names say that they are secret: a report is
// shown to more people than an image's configuration is.
func redactEnv(env []string) []string {
	secret := newSecrets()
	var list []string
	for _, variable := range env {
		if name, value, ok := strings.Cut(variable, "="); ok && value != "" && secret.isName(name) {
			variable = name + "=" + redacted
		}
		list = append(list, variable)
	}
	return list
}

// IsExecutable tells whether a file can be executed: by a bit of its mode, by ELF magic (shared
// libraries are code, whatever their mode), or because an interpreter is named in its first line.
func IsExecutable(e *rootfs.Entry, head []byte) bool {
	start := string(head[:min(len(head), 4)])
	return e.Mode&0o111 != 0 || start == "\x7fELF" || strings.HasPrefix(start, "#!")
}
