package sigv4

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// maxBuffered is the size up to which a body that cannot be read twice is kept in memory.
const maxBuffered = 16 << 20

// resolvePayloadHash sets the payload hash, which is the last line of the canonical request. It
// reports whether the request needs X-Amz-Content-Sha256 and the caller has not set it.
func (s *Signer) resolvePayloadHash(
	r *request, req *http.Request, given string,
) (needed bool, err error) {
	unsigned := given == UnsignedPayload || r.declared == UnsignedPayload
	link := r.presigned && r.s3 && r.declared == ""
	lattice := s.Service == "vpc-lattice-svcs" && secure(req.URL) // it accepts no signed bodies
	switch {
	case unsigned && !lattice && !strings.HasSuffix(req.URL.Scheme, "s"): // http or ws
		return false, errors.New("sigv4: UnsignedPayload needs the scheme https")
	case unsigned || link || lattice:
		r.payloadHash = UnsignedPayload
	default:
		r.payloadHash, err = hashPayload(req, given)
	}
	if err == nil && r.declared != "" && r.declared != r.payloadHash {
		err = errors.New("sigv4: header X-Amz-Content-Sha256 is neither the SHA-256 of the body " +
			"nor UNSIGNED-PAYLOAD: remove it")
	}
	return !link && r.declared == "" && (r.s3 || r.payloadHash == UnsignedPayload ||
		s.Service == "aoss" || s.Service == "glacier"), err
}

// hashPayload returns given or, if that is empty, the hash of the body of req. It then also sets
// req.ContentLength.
func hashPayload(req *http.Request, given string) (string, error) {
	switch {
	case given != "" && (len(given) != 64 || strings.Trim(given, "0123456789abcdef") != ""):
		return "", errors.New("sigv4: payload hash is not a SHA-256 in lower-case hexadecimal")
	case given != "":
		return given, nil
	case req.Body == nil || req.Body == http.NoBody:
		return emptySHA256, nil
	}
	hash := sha256.New()
	n, err := copyBody(hash, req)
	switch {
	case err != nil:
		return "", fmt.Errorf("sigv4: reading the request body: %w", err)
	case req.ContentLength > 0 && req.ContentLength != n:
		return "", fmt.Errorf("sigv4: request body has %d bytes, but Request.ContentLength is %d",
			n, req.ContentLength)
	}
	req.ContentLength = n // Amazon S3 does not accept the chunked transfer coding
	// Unlike hex.EncodeToString, this allocates only the string.
	sum := hash.Sum(make([]byte, 0, sha256.Size))
	return string(hex.AppendEncode(make([]byte, 0, 2*sha256.Size), sum)), nil
}

// copyBody writes the body to w. Afterwards, req.Body still returns the whole body.
func copyBody(w io.Writer, req *http.Request) (int64, error) {
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return 0, err
		}
		defer body.Close()
		return io.Copy(w, body)
	}
	body := req.Body
	if seeker, ok := body.(io.Seeker); ok {
		// A pipe is an os.File, too, and returns an error here.
		if start, err := seeker.Seek(0, io.SeekCurrent); err == nil {
			n, err := io.Copy(w, body)
			_, rewind := seeker.Seek(start, io.SeekStart)
			return n, errors.Join(err, rewind)
		}
	}
	data, err := io.ReadAll(io.LimitReader(body, maxBuffered+1))
	if err == nil && len(data) > maxBuffered {
		err = errors.New("it is over 16 MiB: set GetBody, or pass its hash or UnsignedPayload")
	}
	if err != nil {
		// Put back what was read.
		req.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(bytes.NewReader(data), body), body}
		return 0, err
	}
	body.Close()
	req.GetBody = func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(data)), nil
	}
	req.Body, _ = req.GetBody()
	w.Write(data)
	return int64(len(data)), nil
}
