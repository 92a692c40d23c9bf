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
	t.Layers = make([]TargetLayer, len(img.Layers))
	for i, l := range img.Layers {
		t.Layers[i] = TargetLayer{Digest: l.Digest, DiffID: l.DiffID, Size: l.Size, CreatedBy: l.CreatedBy}
	}
	return t
}

// redactEnv hides the values of variables whose names say that they are secret: a report is
// shown to more people than an image's configuration is.
func redactEnv(env []string) []string {
	secret := regexp.MustCompile(`(?i)(passw|secret|token|credential|api_?key|private|auth)`)
	var redacted []string
	for _, variable := range env {
		if name, value, ok := strings.Cut(variable, "="); ok && value != "" && secret.MatchString(name) {
			variable = name + "=<redacted>"
		}
		redacted = append(redacted, variable)
	}
	return redacted
}

// IsExecutable tells whether a file can be executed: by a bit of its mode, by ELF magic (shared
// libraries are code, whatever their mode), or because an interpreter is named in its first line.
func IsExecutable(e *rootfs.Entry, head []byte) bool {
	start := string(head[:min(len(head), 4)])
	return e.Mode&0o111 != 0 || start == "\x7fELF" || strings.HasPrefix(start, "#!")
}
