package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// In a CI job, whoever proposes a change writes the working folder: git keeps files, folders and
// links under any name. What lies there must not decide about the gate that the change has to pass,
// unless the job's own configuration (flags, the environment) names it.

// underCI tells whether this is a job of a CI system. Most of them set CI; CI=false says that it is
// none, whatever else is set. Those that do not, or did not always, are known by a variable of
// their own:
//   - TF_BUILD, Azure Pipelines: learn.microsoft.com/azure/devops/pipelines/build/variables
//   - JENKINS_URL, Jenkins, once its URL is configured: jenkins.io/doc/book/pipeline/jenkinsfile, "Using environment variables"
//   - TEAMCITY_VERSION, TeamCity, meant for just this: jetbrains.com/help/teamcity/predefined-build-parameters.html
//   - CODEBUILD_BUILD_ID, AWS CodeBuild: docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html
func (p *program) underCI() bool {
	switch strings.ToLower(p.getenv("CI")) {
	case "":
		own := []string{"TF_BUILD", "JENKINS_URL", "TEAMCITY_VERSION", "CODEBUILD_BUILD_ID"}
		return slices.ContainsFunc(own, func(name string) bool { return p.getenv(name) != "" })
	case "false", "0":
		return false
	default:
		return true
	}
}

// weakens is the error of a setting that lies in the working folder of a CI job.
func weakens(key, where string) error {
	digest := ""
	if key == "policy" {
		digest = ", best a policy in a registry by its digest (oci://registry.example/policies/base@sha256:…)"
	}
	return fmt.Errorf("%s sets %s, and in a CI job nothing that decides about the gate is taken from the working folder, which the change under test may write: give --%s or PLIMSOLL_%s in the CI's own configuration%s",
		where, key, key, strings.ToUpper(key), digest)
}

// checkDefault refuses a default that lies in the working folder of a CI job.
func (p *program) checkDefault(key, path string) error {
	if _, err := os.Lstat(path); err != nil || !p.underCI() {
		return nil // what is not there decides nothing
	}
	within, err := inWorkingFolder(path)
	if err != nil || !within {
		return err
	}
	return weakens(key, path)
}

// checkCache refuses a default cache folder that lies in the working folder of a CI job, as it does
// where the home is the checkout: whoever writes remembered results writes what a scan finds.
func (p *program) checkCache(dir string) error {
	if !p.underCI() {
		return nil
	}
	within, err := inWorkingFolder(dir)
	if err != nil || !within {
		return err
	}
	return fmt.Errorf("the default cache folder %s lies in the working folder, which in a CI job the change under test may write: name another with --cache-dir", dir)
}

// checkDocker refuses to have Docker's daemon named by a file in the working folder of a CI job: whose
// images would be checked?
func (p *program) checkDocker() error {
	folder := filepath.Join(p.getenv("HOME"), ".docker")
	if _, err := os.Lstat(folder); err != nil || !p.underCI() || p.getenv("DOCKER_HOST")+p.getenv("DOCKER_CONFIG") != "" {
		return nil
	}
	within, err := inWorkingFolder(folder)
	if err != nil || !within {
		return err
	}
	return fmt.Errorf("the settings of Docker %s lie in the working folder, which in a CI job the change under test may write: set DOCKER_HOST or DOCKER_CONFIG", folder)
}

// checkTarget refuses a target that is shaped like the name of an image in a registry and exists as
// a path too, in a CI job: paths come first, and so a report or a layout that a change brings along
// under the image's name would be checked, and signed for, in the image's place.
func (p *program) checkTarget(target string) error {
	if !p.underCI() || !isShapedLikeName(target) {
		return nil
	}
	if _, err := os.Lstat(target); err != nil {
		return nil // what is not there replaces nothing
	}
	return fmt.Errorf("%s is the name of an image, and exists as a path too, which in a CI job the change under test may have put there: write ./%s for what lies there, or remove it if the image in the registry is meant", target, target)
}

// isShapedLikeName tells whether a target looks like a name in a registry: with a digest, a tag or
// a registry's host.
func isShapedLikeName(target string) bool {
	if scheme, _, found := strings.Cut(target, ":"); found && isScheme(scheme) || isPath(target) {
		return false
	}
	host, _, slash := strings.Cut(target, "/")
	last := target[strings.LastIndexByte(target, '/')+1:]
	return strings.Contains(target, "@") || strings.Contains(last, ":") ||
		slash && (host == "localhost" || strings.ContainsAny(host, ".:"))
}

// inWorkingFolder tells whether the working folder says what a path leads to: the path, or a folder
// on the way to it, lies there. A link that lies there and leads out of it counts, and so does what
// does not exist yet.
func inWorkingFolder(path string) (bool, error) {
	folder, err := os.Getwd()
	if err != nil {
		return false, fmt.Errorf("finding the working folder: %w", err)
	}
	folder = checkout(resolved(folder))
	if path, err = filepath.Abs(path); err != nil {
		return false, err
	}
	for {
		within, err := filepath.Rel(folder, resolved(path))
		if err == nil && within != ".." && !strings.HasPrefix(within, ".."+string(filepath.Separator)) {
			return true, nil
		}
		above := filepath.Dir(path)
		if above == path {
			return false, nil
		}
		path = above
	}
}

// checkout is the outermost folder above that git keeps, else the folder itself: a job that runs in a
// part of it is written by the same change.
func checkout(folder string) string {
	outermost := folder
	for above := folder; ; above = filepath.Dir(above) {
		if _, err := os.Lstat(filepath.Join(above, ".git")); err == nil {
			outermost = above
		}
		if above == filepath.Dir(above) {
			return outermost
		}
	}
}

// resolved is a path without symbolic links, as far as it exists.
func resolved(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return filepath.Clean(path)
}
