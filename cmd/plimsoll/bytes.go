package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// parseBytes reads a size such as 48MiB, 12GiB or 1000.
func parseBytes(s string) (int64, error) {
	digits := strings.TrimRight(s, "KMGTiB")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n <= 0 {
		return 0, fmt.Errorf("size %.40q: want a positive number of bytes, such as 48MiB or 2GiB", s)
	}
	shift, ok := map[string]uint{"": 0, "B": 0, "KiB": 10, "MiB": 20, "GiB": 30, "TiB": 40}[s[len(digits):]]
	if !ok || n > math.MaxInt64>>shift {
		return 0, fmt.Errorf("size %.40q: want a number of bytes with KiB, MiB, GiB or TiB at most", s)
	}
	return n << shift, nil
}

// formatBytes writes a size that parseBytes reads back.
func formatBytes(n int64) string {
	units := []string{"", "KiB", "MiB", "GiB", "TiB"}
	i := 0
	for n >= 1024 && n%1024 == 0 && i < len(units)-1 {
		n >>= 10
		i++
	}
	return strconv.FormatInt(n, 10) + units[i]
}
