package cognitotest

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"slices"
	"strconv"
	"strings"
)

// The values of x-amz-content-sha256 that are no hash ("Signature Calculations for the Authorization Header" in the S3
// API reference). The streaming ones frame the body in chunks.
const (
	unsignedPayload          = "UNSIGNED-PAYLOAD"
	streamingPayload         = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
	streamingTrailer         = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
	streamingUnsigned        = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
	minChunk                 = 8192 // of all chunks but the last
	chunkSignature           = "chunk-signature="
	trailerSignature         = "x-amz-trailer-signature"
	checksum                 = "x-amz-checksum-"
	crc64NVME         uint64 = 0x9a6c9329ac4bc9b5 // CRC-64/NVME's polynomial, reversed, as hash/crc64 wants it
)

// payloadHash is the last line of the canonical request: for S3 what x-amz-content-sha256 says, for all others the hash
// of the body.
func (v *verifier) payloadHash(sig *signature, a *arrival) (string, *refusal) {
	if v.service != "s3" {
		return hexHash(a.body), nil
	}
	declared := a.header("x-amz-content-sha256")
	if declared == "" && sig.query {
		if declared = a.param("X-Amz-Content-Sha256"); declared == "" {
			return unsignedPayload, nil
		}
	}
	switch declared {
	case "":
		return "", &refusal{status: 400, code: "InvalidRequest", message: "Missing required header for this request: x-amz-content-sha256"}
	case unsignedPayload, streamingPayload, streamingTrailer, streamingUnsigned:
		return declared, nil
	}
	if raw, err := hex.DecodeString(declared); err != nil || len(raw) != sha256.Size {
		return "", &refusal{status: 400, code: "InvalidArgument", message: "x-amz-content-sha256 must be " + strings.Join(
			[]string{unsignedPayload, streamingUnsigned, streamingPayload, streamingTrailer}, ", ") + " or a valid sha256 value.",
			detail: []string{"ArgumentName", "x-amz-content-sha256", "ArgumentValue", declared}}
	}
	return declared, nil
}

// decodeBody checks the body against the payload hash, the chunk signatures and the checksums that came with it, and
// answers it without framing. key is the signing key.
func decodeBody(sig *signature, a *arrival, key []byte, payload string) ([]byte, *refusal) {
	body := a.body
	var sums []param
	switch payload {
	case unsignedPayload:
	case streamingPayload, streamingTrailer, streamingUnsigned:
		var r *refusal
		if body, sums, r = unchunk(sig, a, key, payload); r != nil {
			return nil, r
		}
		if n, err := strconv.Atoi(a.header("x-amz-decoded-content-length")); err != nil || n != len(body) {
			return nil, &refusal{status: 400, code: "IncompleteBody", message: "You did not provide the number of bytes specified by the x-amz-decoded-content-length HTTP header"}
		}
	default:
		if got := hexHash(body); got != payload {
			return nil, &refusal{status: 400, code: "XAmzContentSHA256Mismatch", message: "The provided 'x-amz-content-sha256' header does not match what was computed.",
				detail: []string{"ClientComputedContentSHA256", payload, "S3ComputedContentSHA256", got}}
		}
	}
	for name := range a.headers {
		sums = append(sums, param{name, a.header(name)})
	}
	for _, sum := range sums {
		h := newDigest(sum.name)
		if h == nil {
			if kind, ok := strings.CutPrefix(sum.name, checksum); ok && kind != "algorithm" && kind != "type" && kind != "mode" {
				return nil, &refusal{status: 501, code: "NotImplemented", message: "The stand-in does not know " + sum.name}
			}
			continue
		}
		h.Write(body)
		if want := base64.StdEncoding.EncodeToString(h.Sum(nil)); want != sum.value {
			return nil, &refusal{status: 400, code: "BadDigest", message: "The " + sum.name + " you specified did not match the calculated checksum."}
		}
	}
	return body, nil
}

// newDigest makes the hash whose base64 form is the value of a header, nil for any other header. ("Checking object
// integrity" in the S3 user guide.)
func newDigest(header string) hash.Hash {
	switch header {
	case "content-md5":
		return md5.New()
	case "x-amz-checksum-crc32":
		return crc32.NewIEEE()
	case "x-amz-checksum-crc32c":
		return crc32.New(crc32.MakeTable(crc32.Castagnoli))
	case "x-amz-checksum-crc64nvme":
		return crc64.New(crc64.MakeTable(crc64NVME))
	case "x-amz-checksum-sha1":
		return sha1.New()
	case "x-amz-checksum-sha256":
		return sha256.New()
	}
	return nil
}

// unchunk takes the framing off a body in aws-chunked encoding:
//
//	hex(len) [;chunk-signature=<64 digits>] CRLF data CRLF ... 0 [;chunk-signature=...] CRLF [name:value CRLF ...] CRLF
//
// Each signature signs the one before it. ("Signature Calculations for the Authorization Header: Transferring Payload
// in Multiple Chunks", and "... Including Trailing Headers", in the S3 API reference.)
func unchunk(sig *signature, a *arrival, key []byte, payload string) (body []byte, trailer []param, r *refusal) {
	incomplete := &refusal{status: 400, code: "IncompleteBody", message: "The request body terminated unexpectedly"}
	wrong := (&verifier{service: "s3"}).mismatch(sig, "", "")
	previous := sig.signature
	verify := func(kind, got string, digests ...string) bool {
		text := append([]string{algorithm + kind, sig.amzDate, sig.scope(), previous}, digests...)
		previous = hex.EncodeToString(mac(key, strings.Join(text, "\n")))
		return subtle.ConstantTimeCompare([]byte(got), []byte(previous)) == 1
	}
	rest := a.body
	line := func() (string, bool) {
		head, tail, ok := bytes.Cut(rest, []byte("\r\n"))
		rest = tail
		return string(head), ok
	}
	for last := uint64(minChunk); ; {
		head, ok := line()
		size, extension, _ := strings.Cut(head, ";")
		n, err := strconv.ParseUint(size, 16, 31)
		if !ok || err != nil || n > uint64(len(rest)) {
			return nil, nil, incomplete
		}
		data := rest[:n]
		rest = rest[n:]
		got, ok := strings.CutPrefix(extension, chunkSignature)
		if payload != streamingUnsigned && (!verify("-PAYLOAD", got, hexHash(nil), hexHash(data)) || !ok) {
			return nil, nil, wrong
		}
		if n == 0 {
			break
		}
		if last < minChunk {
			return nil, nil, &refusal{status: 403, code: "InvalidChunkSizeError", message: "Only the last chunk is allowed to have a size less than 8192 bytes"}
		}
		if end, ok := line(); !ok || end != "" {
			return nil, nil, incomplete
		}
		body, last = append(body, data...), n
	}
	var names []string
	var signed strings.Builder
	got := ""
	for {
		head, ok := line()
		if !ok {
			return nil, nil, incomplete
		}
		if head == "" {
			break
		}
		name, value, _ := strings.Cut(head, ":")
		if name, value = strings.ToLower(name), strings.TrimSpace(value); name == trailerSignature {
			got = value
			continue
		}
		signed.WriteString(name + ":" + value + "\n")
		trailer, names = append(trailer, param{name, value}), append(names, name)
	}
	declared := strings.FieldsFunc(a.header("x-amz-trailer"), func(c rune) bool { return c == ',' || c == ' ' })
	switch {
	case len(rest) > 0 || !slices.Equal(names, declared) || payload == streamingPayload && len(names) > 0:
		return nil, nil, &refusal{status: 400, code: "MalformedTrailerError", message: "The request contained trailing data that was not well-formed or did not conform to our published schema."}
	case payload == streamingTrailer && !verify("-TRAILER", got, hexHash([]byte(signed.String()))):
		return nil, nil, wrong
	}
	return body, trailer, nil
}
