package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	minio "github.com/minio/minio-go/v7/pkg/signer"

	"github.com/loginwithcognito/cognito/bench/internal/child"
	"github.com/loginwithcognito/cognito/sigv4"
)

// The kinds of requests, and of keys.
const (
	listGET  = "list GET"
	post1KiB = "1 KiB POST"
	cached   = ""
	newKey   = ", key not cached"
)

const (
	emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	service   = "s3"
)

func timeOf(kind, key string) string        { return kind + key + ", µs" }
func allocationsOf(kind, key string) string { return kind + key + ", allocations" }

// document is the body of a POST.
var document = bytes.Repeat([]byte("0123456789abcdef"), 64)

// newRequest returns an unsigned request.
func newRequest(kind string) *http.Request {
	const host = "https://example-bucket.s3.us-east-1.amazonaws.com/"
	if kind == listGET {
		const query = "?list-type=2&prefix=photos%2F2026%2F" +
			"&continuation-token=1ueGcxLPRx1TrXYExHnhbYLgveDs2J&encoding-type=url"
		req, _ := http.NewRequest(http.MethodGet, host+query, nil)
		return req
	}
	req, _ := http.NewRequest(http.MethodPost, host+"?delete=", bytes.NewReader(document))
	req.Header.Set("Content-Type", "application/xml")
	return req
}

// hashPayload hashes the body and sets the header that S3 requires, which callers of the peers'
// signers must do.
func hashPayload(kind string, req *http.Request) string {
	hash := emptyHash
	if kind == post1KiB {
		sum := sha256.Sum256(document)
		hash = hex.EncodeToString(sum[:])
	}
	req.Header.Set("X-Amz-Content-Sha256", hash)
	return hash
}

// signing is a library's way to sign a request.
type signing struct {
	name string
	sign func(kind string, req *http.Request, secret string, now time.Time) error
}

// signings returns the ways to sign of all libraries.
func signings() []signing {
	token := child.SessionToken()
	own := sigv4.Signer{Region: child.Region, Service: service}
	// The SDK's package s3 sets the same option.
	sdk := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })

	signOwn := func(_ string, req *http.Request, secret string, now time.Time) error {
		return own.Sign(req, sigv4.Credentials{
			AccessKeyID:     child.AccessKeyID,
			SecretAccessKey: secret,
			SessionToken:    token,
		}, "", now)
	}
	signSDK := func(kind string, req *http.Request, secret string, now time.Time) error {
		creds := aws.Credentials{
			AccessKeyID:     child.AccessKeyID,
			SecretAccessKey: secret,
			SessionToken:    token,
		}
		return sdk.SignHTTP(context.Background(), creds, req, hashPayload(kind, req), service,
			child.Region, now)
	}
	signMinio := func(kind string, req *http.Request, secret string, _ time.Time) error {
		hashPayload(kind, req)
		minio.SignV4(*req, child.AccessKeyID, secret, token, child.Region)
		return nil
	}
	return []signing{{ours, signOwn}, {awsSDK, signSDK}, {minioGo, signMinio}}
}

// signers measures all ways to sign.
func signers(rounds, batch int) (*table, error) {
	t := &table{
		title: titleSign,
		notes: []string{"The time includes the hash of the body. All requests have the same " +
			"secret key, except in rows with \"key not cached\", where each has its own. " +
			"minio-go never caches keys. The floor hashes as many bytes with SHA-256 and " +
			"HMAC-SHA-256, without allocations, and caches the key in the same rows. CPU is the " +
			"time of all threads, including the garbage collector."},
		refs: []string{awsSDK, minioGo, floor},
	}
	secrets := make([]string, batch)
	for i := range secrets {
		secrets[i] = fmt.Sprintf("%s%06d", child.SecretAccessKey[:34], i)
	}
	ways := signings()
	if err := agree(ways); err != nil {
		return nil, err
	}
	var contenders []contender
	for _, kind := range []string{listGET, post1KiB} {
		for _, key := range []string{cached, newKey} {
			secret := func(i int) string {
				if key == cached {
					return child.SecretAccessKey
				}
				return secrets[i]
			}
			for _, way := range ways {
				contenders = append(contenders, contender{way.name, func() error {
					requests := make([]*http.Request, batch)
					for i := range requests {
						requests[i] = newRequest(kind)
					}
					now := time.Now()
					way.sign(kind, newRequest(kind), child.SecretAccessKey, now) // caches this key
					var err error
					took, cpu, allocations := timed(func() {
						for i, req := range requests {
							err = errors.Join(err, way.sign(kind, req, secret(i), now))
						}
					})
					t.add(timeOf(kind, key), way.name, took/float64(batch))
					t.add(kind+key+", CPU µs", way.name, cpu/float64(batch))
					t.add(allocationsOf(kind, key), way.name, allocations/float64(batch))
					return err
				}})
			}
			canonical := canonicalBytes(kind)
			contenders = append(contenders, contender{floor, func() error {
				var sum [sha256.Size]byte
				took, cpu, _ := timed(func() {
					for i := range batch {
						sum = hashing(canonical, kind == post1KiB, key == newKey, secret(i))
					}
				})
				t.add(timeOf(kind, key), floor, took/float64(batch))
				t.add(kind+key+", CPU µs", floor, cpu/float64(batch))
				if sum == [sha256.Size]byte{} {
					return errors.New("a hash is 0")
				}
				return nil
			}})
		}
	}
	return t, interleave(rounds, contenders)
}

// timed returns the time that f takes, the CPU time of all threads, both in microseconds, and the
// number of allocations. The CPU time includes the garbage collector. timed collects earlier
// garbage first.
func timed(f func()) (µs, cpu, allocations float64) {
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start, cpuStart := time.Now(), processorTime()
	f()
	took, used := time.Since(start), processorTime()-cpuStart
	runtime.ReadMemStats(&after)
	return float64(took.Nanoseconds()) / 1e3, float64(used.Nanoseconds()) / 1e3,
		float64(after.Mallocs - before.Mallocs)
}

// processorTime returns the user and system time of this process.
func processorTime() time.Duration {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// agree checks that all libraries sign a list GET, and that the signatures of the same time are
// equal.
func agree(ways []signing) error {
	now, first := time.Now(), ""
	for _, way := range ways {
		req := newRequest(listGET)
		if err := way.sign(listGET, req, child.SecretAccessKey, now); err != nil {
			return fmt.Errorf("%s: %w", way.name, err)
		}
		signature := req.Header.Get("Authorization")
		switch {
		case signature == "":
			return fmt.Errorf("%s did not sign", way.name)
		case way.name == minioGo: // it reads the clock itself
		case first == "":
			first = signature
		case signature != first:
			return fmt.Errorf("the signatures differ: %s by %s, %s by %s", signature, way.name,
				first, ways[0].name)
		}
	}
	return nil
}
