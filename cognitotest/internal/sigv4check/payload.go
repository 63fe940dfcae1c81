package sigv4check

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"slices"
	"strconv"
	"strings"
)

// These are the values of x-amz-content-sha256 other than a hash ("Signature Calculations for the
// Authorization Header"). With a streaming value the body is framed in chunks.
const (
	unsignedPayload   = "UNSIGNED-PAYLOAD"
	streamingPayload  = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
	streamingTrailer  = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
	streamingUnsigned = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
)

const minChunk = 8192 // bytes in each chunk except the last

// crc64NVME is the polynomial of CRC-64/NVME in the reversed form that hash/crc64 takes.
const crc64NVME = 0x9a6c9329ac4bc9b5

// hashPayload sets the last line of the canonical request. For S3 it is the value of
// x-amz-content-sha256. For all other services it is the hash of the body.
func (c *check) hashPayload() *Refusal {
	if c.Service != "s3" {
		c.payload = hexHash(c.body)
		return nil
	}
	c.payload = c.header("x-amz-content-sha256")
	if c.payload == "" && c.presigned {
		if c.payload, _ = c.param("X-Amz-Content-Sha256"); c.payload == "" {
			c.payload = unsignedPayload
		}
	}
	keywords := []string{unsignedPayload, streamingUnsigned, streamingPayload, streamingTrailer}
	switch raw, err := hex.DecodeString(c.payload); {
	case c.payload == "":
		return Refuse(400, "InvalidRequest",
			"Missing required header for this request: x-amz-content-sha256")
	case !slices.Contains(keywords, c.payload) && (err != nil || len(raw) != sha256.Size):
		return Refuse(400, "InvalidArgument",
			"x-amz-content-sha256 must be "+strings.Join(keywords, ", ")+
				" or a valid sha256 value.",
			"ArgumentName", "x-amz-content-sha256", "ArgumentValue", c.payload)
	}
	return nil
}

// checkBody checks the body against the payload hash, the signatures of its chunks, and the
// checksums in the headers and the trailer.
func (c *check) checkBody() *Refusal {
	c.content = c.body
	var sums []pair
	switch c.payload {
	case unsignedPayload:
	case streamingPayload, streamingTrailer, streamingUnsigned:
		var refusal *Refusal
		if c.content, sums, refusal = c.unchunk(); refusal != nil {
			return refusal
		}
		n, err := strconv.Atoi(c.header("x-amz-decoded-content-length"))
		if err != nil || n != len(c.content) {
			return Refuse(400, "IncompleteBody", "You did not provide the number of bytes "+
				"specified by the x-amz-decoded-content-length HTTP header")
		}
	default:
		if got := hexHash(c.body); got != c.payload {
			return Refuse(400, "XAmzContentSHA256Mismatch",
				"The provided 'x-amz-content-sha256' header does not match what was computed.",
				"ClientComputedContentSHA256", c.payload, "S3ComputedContentSHA256", got)
		}
	}
	for name := range c.headers {
		sums = append(sums, pair{name, c.header(name)})
	}
	for _, sum := range sums {
		if refusal := c.checkSum(sum); refusal != nil {
			return refusal
		}
	}
	return nil
}

// checkSum compares a header with the checksum of the content. It ignores headers that are not
// checksums.
func (c *check) checkSum(sum pair) *Refusal {
	h := newHash(sum.name)
	if h == nil {
		kind, ok := strings.CutPrefix(sum.name, "x-amz-checksum-")
		if ok && kind != "algorithm" && kind != "type" && kind != "mode" {
			return Refuse(501, "NotImplemented", "cognitotest does not implement "+sum.name)
		}
		return nil
	}
	h.Write(c.content)
	if base64.StdEncoding.EncodeToString(h.Sum(nil)) != sum.value {
		return Refuse(400, "BadDigest",
			"The "+sum.name+" you specified did not match the calculated checksum.")
	}
	return nil
}

// newHash returns the hash whose base64 form is the value of a header, or nil if the header is not
// a supported checksum ("Checking object integrity" in the S3 user guide).
func newHash(header string) hash.Hash {
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

// unchunk removes the framing of a body in aws-chunked encoding and returns the headers of its
// trailer:
//
//	400;chunk-signature=<64 digits> CRLF        the length in hexadecimal
//	<1024 bytes> CRLF
//	0;chunk-signature=<64 digits> CRLF          the last chunk
//	x-amz-checksum-crc32c:sOO8/Q== CRLF         the trailer, if any
//	x-amz-trailer-signature:<64 digits> CRLF
//	CRLF
//
// Each signature covers the one before it, and the first one covers the signature of the request
// ("Transferring Payload in Multiple Chunks", also "... Including Trailing Headers").
func (c *check) unchunk() (content []byte, trailer []pair, refusal *Refusal) {
	incomplete := Refuse(400, "IncompleteBody", "The request body terminated unexpectedly")
	previous := c.signature
	verify := func(kind, signature string, lines ...string) bool {
		toSign := c.stringToSign(kind, append([]string{previous}, lines...)...)
		previous = hex.EncodeToString(mac(c.key, toSign))
		return equal(previous, signature)
	}
	rest := c.body
	line := func() (string, bool) {
		head, tail, ok := bytes.Cut(rest, []byte("\r\n"))
		rest = tail
		return string(head), ok
	}
	for last := minChunk; ; {
		head, ok := line()
		digits, extension, _ := strings.Cut(head, ";")
		size, err := strconv.ParseUint(digits, 16, 31)
		if !ok || err != nil || size > uint64(len(rest)) {
			return nil, nil, incomplete
		}
		data := rest[:size]
		rest = rest[size:]
		signature, ok := strings.CutPrefix(extension, "chunk-signature=")
		if c.payload != streamingUnsigned &&
			(!verify("-PAYLOAD", signature, hexHash(nil), hexHash(data)) || !ok) {
			return nil, nil, c.mismatch("", "")
		}
		if size == 0 {
			break
		}
		if last < minChunk {
			return nil, nil, Refuse(403, "InvalidChunkSizeError",
				"Only the last chunk is allowed to have a size less than 8192 bytes")
		}
		if end, ok := line(); !ok || end != "" {
			return nil, nil, incomplete
		}
		content = append(content, data...)
		last = len(data)
	}
	var names []string
	var signed strings.Builder
	signature := ""
	for {
		head, ok := line()
		if !ok {
			return nil, nil, incomplete
		}
		if head == "" {
			break
		}
		name, value, _ := strings.Cut(head, ":")
		name = strings.ToLower(name)
		value = strings.TrimSpace(value)
		if name == "x-amz-trailer-signature" {
			signature = value
			continue
		}
		signed.WriteString(name + ":" + value + "\n")
		trailer = append(trailer, pair{name, value})
		names = append(names, name)
	}
	declared := strings.FieldsFunc(c.header("x-amz-trailer"), func(r rune) bool {
		return r == ',' || r == ' '
	})
	unsigned := c.payload == streamingPayload && names != nil
	switch {
	case len(rest) > 0, unsigned, !slices.Equal(names, declared):
		return nil, nil, Refuse(400, "MalformedTrailerError", "The request contained trailing "+
			"data that was not well-formed or did not conform to our published schema.")
	case c.payload == streamingTrailer &&
		!verify("-TRAILER", signature, hexHash([]byte(signed.String()))):
		return nil, nil, c.mismatch("", "")
	}
	return content, trailer, nil
}
