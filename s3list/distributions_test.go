package s3list

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// distributions are buckets of about n keys, each of another shape.
func distributions(n int) map[string][]string {
	random := rand.New(rand.NewPCG(1, 2))
	word := func(size int) string {
		b := make([]byte, size)
		for i := range b {
			b[i] = "etaoinshrdlucmfwypvbgkjqxz"[min(random.IntN(26), random.IntN(26))]
		}
		return string(b)
	}
	make := func(f func(i int) string) []string {
		var keys []string
		for i := range n {
			keys = append(keys, f(i))
		}
		slices.Sort(keys)
		return slices.Compact(keys)
	}
	words := make(func(int) string { return word(3 + random.IntN(3)) })
	return map[string][]string{
		"numbers": make(func(i int) string { return fmt.Sprintf("key-%08d", i) }),
		"deep numbers": make(func(i int) string {
			return fmt.Sprintf("data/warehouse/table=orders/year=2026/part-%08d.snappy.parquet", i)
		}),
		"short numbers": make(func(i int) string { return fmt.Sprint(i) }),
		"hashes":        make(func(i int) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(fmt.Sprint(i)))) }),
		"hashes below":  make(func(i int) string { return fmt.Sprintf("objects/%02x/%x", i%256, sha256.Sum256([]byte(fmt.Sprint(i)))) }),
		"directories":   make(func(i int) string { return fmt.Sprintf("dir-%03d/%0*d.jpg", i*40/n, len(fmt.Sprint(n/4)), i%(n/40)) }),
		"sparse":        make(func(i int) string { return fmt.Sprintf("dir-%03d/%0*d.jpg", i*40/n, len(fmt.Sprint(n)), i%(n/40)) }),
		"many small":    make(func(i int) string { return fmt.Sprintf("users/%s-%d/profile/%d.json", word(6), i, i%7) }),
		"dates": make(func(i int) string {
			t := time.Unix(1767225600, 0).Add(time.Duration(i) * 157 * time.Second)
			return t.UTC().Format("logs/2006/01/02/15/") + fmt.Sprintf("%x.gz", i*7919)
		}),
		"one large": make(func(i int) string {
			if i%10 > 0 {
				return fmt.Sprintf("m/large/%07d", i)
			}
			return fmt.Sprintf("%s/%d", words[i%len(words)], i)
		}),
		"zipf": make(func(i int) string {
			return fmt.Sprintf("%s/%06d", words[int(float64(len(words)-1)*random.Float64()*random.Float64()*random.Float64()*random.Float64())], i)
		}),
		"words": make(func(int) string { return word(2+random.IntN(4)) + "/" + word(8) }),
		"not ASCII": make(func(i int) string {
			return string([]rune{rune(0x4e00 + random.IntN(5000)), rune(0x4e00 + random.IntN(5000))}) + fmt.Sprintf("/%d", i)
		}),
		"any character": make(func(i int) string {
			return string([]rune{rune(random.IntN(0xd7ff)), rune(random.IntN(128)), rune(0x10000 + random.IntN(0xfffff))}) + fmt.Sprint(i)
		}),
		"any byte": make(func(i int) string {
			return string([]byte{byte(random.IntN(256)), byte(random.IntN(256)), byte(random.IntN(256)), byte(random.IntN(256))}) + fmt.Sprint(i)
		}),
		"long in common": make(func(i int) string { return strings.Repeat("deep/", 150) + fmt.Sprintf("%d", i*i) }),
		"two clusters":   make(func(i int) string { return []string{"a/", "z/"}[i%2] + fmt.Sprintf("%09d", i*37) }),
		"twins":          make(func(i int) string { return fmt.Sprintf("x/%06d%s", i/2, []string{"", "\x00"}[i%2]) }),
	}
}
