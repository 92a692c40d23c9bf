package rootfs

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/internal/testparts"
)

// feed is a walker over a tar that is in memory.
func feed(data []byte) *walker {
	p := &producer{free: make(chan *chunk, chunksInFlight), full: make(chan *chunk, len(data)/chunkSize+1)}
	for len(data) > 0 {
		c := new(chunk)
		c.n = copy(c.buffer[headroom:], data)
		data = data[c.n:]
		p.full <- c
	}
	close(p.full)
	w := &walker{ctx: context.Background(), opts: Options{Limits: DefaultLimits()}, index: &LayerIndex{}}
	w.tar.stream = newStream(w.ctx, p)
	p.free = make(chan *chunk, cap(p.full))
	return w
}

// digestible is how much content the comparisons read: a sparse file may claim exabytes.
const digestible = 1 << 20

func describe(typeflag byte, name, link string, mode, size int64, content io.Reader) (string, error) {
	line := fmt.Sprintf("%q %q %q %o %d", typeflag, name, link, mode, size)
	if size > digestible {
		return line, nil
	}
	h := sha256.New()
	if _, err := io.Copy(h, content); err != nil {
		return line, err
	}
	return line + " " + hex.EncodeToString(h.Sum(nil)), nil
}

// listStandard lists a tar's entries through archive/tar.
func listStandard(data []byte) (lines []string, err error) {
	r := tar.NewReader(bytes.NewReader(data))
	for {
		h, err := r.Next()
		if err == io.EOF {
			return lines, nil
		}
		if err != nil {
			return lines, err
		}
		if h.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		size := h.Size
		if strings.ContainsRune("123456", rune(h.Typeflag)) {
			size = 0
		}
		line, err := describe(h.Typeflag, h.Name, h.Linkname, h.Mode, size, r)
		lines = append(lines, line)
		if err != nil {
			return lines, err
		}
	}
}

// listOwn lists them through this package.
func listOwn(data []byte) (lines []string, err error) {
	w := feed(data)
	for {
		h, err := w.tar.read(w.count)
		if err == io.EOF {
			return lines, nil
		}
		if err != nil {
			return lines, err
		}
		b, err := w.body(h)
		if err != nil {
			return lines, err
		}
		line, err := describe(h.typeflag, h.name, h.link, h.mode, h.size, b)
		lines = append(lines, line)
		if err != nil {
			return lines, err
		}
	}
}

func compareTar(t *testing.T, data []byte) {
	t.Helper()
	want, wantErr := listStandard(data)
	got, err := listOwn(data)
	switch {
	case wantErr == nil && err != nil:
		t.Fatalf("own reader fails with %v, archive/tar does not", err)
	case wantErr != nil && len(got) > len(want):
		got = got[:len(want)] // looser is all right: see tarReader
	case wantErr != nil && err == nil && len(got) < len(want):
		t.Fatalf("own reader ends after %d entries, archive/tar has %d and then fails with %v", len(got), len(want), wantErr)
	}
	if wantErr != nil && len(want) > 0 { // the last one may be cut short in one of them
		want = want[:min(len(want)-1, len(got))]
		got = got[:len(want)]
	}
	if !slices.Equal(want, got) {
		t.Errorf("entries (-archive/tar +own):\n%s", cmp.Diff(want, got))
	}
}

// seeds are tars of every format that is about.
func seeds(t testing.TB) map[string][]byte {
	all := map[string][]byte{
		"empty":         nil,
		"plain":         tarOf(t, "d/", "d/a=content", "l -> a", "h => d/a", "dev%"),
		"no end":        tarOf(t, "a=b")[:1024],
		"no padding":    tarOf(t, "a=b")[:513],
		"cut":           tarOf(t, "a=b", "c=d")[:1024+100],
		"one zero":      append(make([]byte, 512), tarOf(t, "a=b")...),
		"long names":    tarOf(t, strings.Repeat("long/", 60)+"f=x", "l -> "+strings.Repeat("t", 300)),
		"not ascii":     tarOf(t, "ü\xff=x"),
		"trailing data": append(tarOf(t, "a=b"), tarOf(t, "c=d")...),
	}
	for format, name := range map[tar.Format]string{tar.FormatGNU: "gnu", tar.FormatPAX: "pax", tar.FormatUSTAR: "ustar"} {
		var buffer bytes.Buffer
		w := tar.NewWriter(&buffer)
		h := &tar.Header{Name: strings.Repeat("p", 90) + "/" + strings.Repeat("n", 90), Size: 3, Mode: 0o644, Format: format, Uid: 1 << 20}
		if format != tar.FormatUSTAR {
			h.Name = strings.Repeat(h.Name+"/", 3) + "x"
			h.Uid = 1 << 30
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte("abc")); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		all[name] = buffer.Bytes()
	}
	global := tarOf(t, "a=b")
	var buffer bytes.Buffer
	w := tar.NewWriter(&buffer)
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeXGlobalHeader, Name: "g", PAXRecords: map[string]string{"path": "all-of-them"}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	all["global"] = append(buffer.Bytes(), global...)
	for name, records := range map[string]map[string]string{
		"size":       {"size": "1"},
		"no size":    {"size": ""},
		"sparse 0.1": {"GNU.sparse.map": "0,1,5,2", "GNU.sparse.size": "9", "GNU.sparse.name": "named"},
		"sparse 1.0": {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "600"},
		"sparse 9.0": {"GNU.sparse.major": "9", "GNU.sparse.minor": "0"},
	} {
		content := "abc"
		if name == "sparse 1.0" {
			content = "1\n5\n3\n" + strings.Repeat("\x00", 506) + "abc"
		}
		all[name] = paxTar(t, records, content)
	}
	return all
}

// paxTar writes a PAX header with records that archive/tar refuses to write.
func paxTar(t testing.TB, records map[string]string, content string) []byte {
	t.Helper()
	var body string
	for _, key := range []string{"size", "GNU.sparse.major", "GNU.sparse.minor", "GNU.sparse.map", "GNU.sparse.size", "GNU.sparse.realsize", "GNU.sparse.name"} {
		value, given := records[key]
		if !given {
			continue
		}
		length := len(key) + len(value) + 5 // two digits, space, equals sign, line feed
		body += fmt.Sprintf("%d %s=%s\n", length, key, value)
	}
	extension := tarOf(t, "x="+body)
	extension = bytes.Clone(extension[:len(extension)-1024])
	extension[156] = 'x'
	sign(extension)
	return append(extension, tarOf(t, "f="+content, "after=it")...)
}

// sign writes a header's checksum.
func sign(block []byte) {
	total := 0
	copy(block[148:156], "        ")
	for _, b := range block[:512] {
		total += int(b)
	}
	copy(block[148:156], fmt.Sprintf("%06o\x00 ", total))
}

func TestTarFormats(t *testing.T) {
	for name, data := range seeds(t) {
		t.Run(name, func(t *testing.T) { compareTar(t, data) })
	}
}

// What GNU tar writes, sparse files among it, in each of its formats.
func TestTarGNU(t *testing.T) {
	command := testparts.Program(t, "tar", "apt install tar")
	folder := t.TempDir()
	sparse := filepath.Join(folder, "sparse")
	if err := exec.Command("dd", "if=/dev/zero", "of="+sparse, "bs=1", "count=0", "seek=900000").Run(); err != nil {
		t.Fatal(err)
	}
	for i := range 30 { // more holes than the old header has room for
		if err := exec.Command("sh", "-c", fmt.Sprintf("echo data | dd of=%s bs=1 conv=notrunc seek=%d status=none", sparse, i*28672)).Run(); err != nil {
			t.Fatal(err)
		}
	}
	for _, format := range []string{"--format=gnu", "--format=oldgnu", "--format=v7", "--format=ustar", "--format=posix", "--sparse-version=0.0", "--sparse-version=0.1", "--sparse-version=1.0"} {
		t.Run(format, func(t *testing.T) {
			args := []string{"-c", format, "-C", folder, "sparse"}
			if format != "--format=v7" && format != "--format=ustar" {
				args = append([]string{"--sparse"}, args...)
			}
			if strings.HasPrefix(format, "--sparse-version") {
				args = append([]string{"--format=posix"}, args...)
			}
			data, err := exec.Command(command, args...).Output()
			if err != nil {
				t.Fatal(err)
			}
			lines, err := listOwn(data)
			if err != nil || len(lines) != 1 || !strings.Contains(lines[0], `"sparse" "" 644 900000 `) {
				t.Errorf("got %q, %v", lines, err)
			}
			compareTar(t, data)
		})
	}
}

// A sparse file whose size overflows only after its map has been passed is no way to go on.
func TestTarOverflow(t *testing.T) {
	block := bytes.Clone(tarOf(t, "f=")[:512])
	block[156] = 'S'
	copy(block[257:265], "ustar  \x00")
	clear(block[345:500])
	block[482] = 1 // more of the map follows
	copy(block[124:128], "\x80\x00\x00\x00")
	binary.BigEndian.PutUint64(block[128:136], math.MaxInt64-3*blockSize)
	sign(block)
	more := make([]byte, blockSize)
	more[504] = 1
	data := slices.Concat(block, bytes.Repeat(more, 7), make([]byte, blockSize), tarOf(t, "hidden=x"))
	if lines, err := listOwn(data); err != io.ErrUnexpectedEOF || len(lines) > 0 {
		t.Errorf("got %q, %v", lines, err)
	}
}

// Property: where archive/tar reads a tar without an error, this package has the same entries,
// names, modes, sizes and content; where archive/tar fails, the entries before that are the same.
func FuzzTar(f *testing.F) {
	for _, data := range seeds(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < 64<<10 {
			data = bytes.Clone(data)
			mend(data)
			compareTar(t, data)
		}
	})
}

// mend makes the checksums of blocks that could be headers right, or no change to one would ever
// come to anything.
func mend(data []byte) {
	for ; len(data) >= 512; data = data[512:] {
		if bytes.HasPrefix(data[257:], []byte("ustar")) {
			sign(data)
		}
	}
}
