package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// sourceURI is where the source is had from (the download location of SPDX for git).
const sourceURI = "git+https://plimsoll.dev/plimsoll"

// source is what is built.
type source struct {
	commit string // of git, hexadecimal; empty if what is built is not exactly a commit
	why    string // there is no commit
	date   time.Time
	git    bool // the folder is a clone, and git can be asked
}

// readSource says which commit lies in a folder: as git says, or, in an archive that git made, as
// commit.txt says. The date is SOURCE_DATE_EPOCH (reproducible-builds.org/specs/source-date-epoch),
// else the commit's, else the beginning of 1970, which nobody takes for true.
func readSource(ctx context.Context, root string, environment func(string) (string, bool)) (source, error) {
	s, err := commitOf(ctx, root)
	if err != nil {
		return source{}, err
	}
	if epoch, found := environment("SOURCE_DATE_EPOCH"); found && epoch != "" {
		if s.date, err = parseEpoch(epoch); err != nil {
			return source{}, fmt.Errorf("SOURCE_DATE_EPOCH: %w", err)
		}
	}
	return s, nil
}

func commitOf(ctx context.Context, root string) (source, error) {
	unknown := time.Unix(0, 0).UTC()
	if _, err := os.Stat(filepath.Join(root, ".git")); err != nil {
		line, err := os.ReadFile(filepath.Join(root, "release", "commit.txt"))
		if err != nil {
			return source{}, err
		}
		if strings.HasPrefix(string(line), "$Format") {
			return source{why: "this is neither a clone nor an archive that git made", date: unknown}, nil
		}
		return parseCommit(string(line))
	}
	changes, err := git(ctx, root, "status", "--porcelain")
	if err != nil {
		return source{}, err
	}
	if changes != "" {
		return source{why: "there are changes that are not committed", date: unknown, git: true}, nil
	}
	line, err := git(ctx, root, "log", "-1", "--no-show-signature", "--format=%H %ct")
	if err != nil {
		return source{}, err
	}
	s, err := parseCommit(line)
	s.git = true
	return s, err
}

// parseCommit reads a commit and its date in seconds.
func parseCommit(line string) (source, error) {
	commit, seconds, _ := strings.Cut(strings.TrimSpace(line), " ")
	if len(commit) != 40 && len(commit) != 64 || strings.Trim(commit, "0123456789abcdef") != "" {
		return source{}, fmt.Errorf("%q is no commit", commit)
	}
	date, err := parseEpoch(seconds)
	return source{commit: commit, date: date}, err
}

func parseEpoch(seconds string) (time.Time, error) {
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil || n < 0 {
		return time.Time{}, fmt.Errorf("%q is no number of seconds since 1970", seconds)
	}
	return time.Unix(n, 0).UTC(), nil
}

// checkTag refuses to build a tagged version under another name: the version stands in
// cmd/plimsoll/version.go, and the tag follows it.
func (s source) checkTag(ctx context.Context, root, version string) error {
	if !s.git || s.commit == "" {
		return nil
	}
	tags, err := git(ctx, root, "tag", "--points-at", s.commit, "v*")
	if err != nil {
		return err
	}
	for _, tag := range strings.Fields(tags) {
		if tag != "v"+version {
			return fmt.Errorf("the commit is tagged %s, and cmd/plimsoll/version.go says %s: change one of them", tag, version)
		}
	}
	return nil
}

func git(ctx context.Context, root string, arguments ...string) (string, error) {
	command := exec.CommandContext(ctx, "git", arguments...)
	command.Dir, command.Stderr = root, os.Stderr
	out, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w", arguments[0], err)
	}
	return strings.TrimSpace(string(out)), nil
}
