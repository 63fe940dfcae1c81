package cognitotest

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Bucket is an S3 bucket. Any credentials that the server has issued may use it, unless Roles says otherwise.
type Bucket struct {
	Name   string
	Region string // empty: us-east-1
	Owner  string // AWS account ID, for x-amz-expected-bucket-owner and RequesterPays; empty: 123456789012

	// Objects are the objects by key, in UTF-8. PutObject and DeleteObject change the map: read it with [Server.Object]
	// while requests may be under way.
	Objects map[string]Object

	Roles         []string // ARNs of the roles that may use the bucket; nil: all
	Public        bool     // may be listed and read, not written, without a signature
	RequesterPays bool     // other accounts must send x-amz-request-payer: requester

	keys []string // of Objects, sorted; nil: not known
}

// Object is an object in a [Bucket]. Of what PutObject sends beside the body, metadata, tags and encryption are not kept.
type Object struct {
	Body         []byte
	LastModified time.Time // zero: 2009-10-12T17:50:30Z
	ContentType  string    // empty: binary/octet-stream
	StorageClass string    // empty: STANDARD
}

const maxKey = 1024 // bytes of UTF-8 in an object key ("Naming Amazon S3 objects")

func orText(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func (b *Bucket) region() string { return orText(b.Region, "us-east-1") }
func (b *Bucket) owner() string  { return orText(b.Owner, "123456789012") }

func (o Object) etag() string {
	sum := md5.Sum(o.Body)
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

func (o Object) lastModified() time.Time {
	if o.LastModified.IsZero() {
		return time.Date(2009, 10, 12, 17, 50, 30, 0, time.UTC)
	}
	return o.LastModified.UTC()
}

// Object answers an object as it is now; ok is false when there is none. Its Body must not be changed.
func (s *Server) Object(bucket, key string) (o Object, ok bool) {
	s.start.Do(s.load)
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.bucket[bucket]; b != nil {
		o, ok = b.Objects[key]
	}
	return o, ok
}

// s3Request is a request to S3 that has been read.
type s3Request struct {
	*arrival
	form        url.Values // "+" is a space here, as S3 reads it
	bucket, key string
	content     []byte // without framing
}

// operation names what the request asks for: method, bucket or object, and all query parameters but those that have no
// say in it. One that the stand-in does not know makes it an unknown operation: no request is taken for another one.
func (r *s3Request) operation() string {
	var names []string
	for name := range r.form {
		switch {
		case strings.HasPrefix(strings.ToLower(name), "x-amz-"), name == "x-id":
		case r.key == "" && slices.Contains(listParameters, name):
		default:
			names = append(names, name)
		}
	}
	slices.Sort(names)
	level := "bucket"
	if r.key != "" {
		level = "object"
	}
	return strings.TrimSuffix(r.method+" "+level+" "+strings.Join(names, "&"), " ")
}

// serveS3 answers one request of the S3 REST API.
func (s *Server) serveS3(w http.ResponseWriter, r *http.Request, body []byte) {
	w.Header().Set("x-amz-request-id", strings.ToUpper(hex.EncodeToString(random(8))))
	w.Header().Set("x-amz-id-2", base64.StdEncoding.EncodeToString(random(48)))
	w.Header().Set("Server", "AmazonS3")
	if no := s.answerS3(w, r, body); no != nil {
		var b document
		b.open("Error", "")
		b.element("Code", no.code)
		b.element("Message", no.message)
		for i := 0; i < len(no.detail); i += 2 {
			b.element(no.detail[i], no.detail[i+1])
		}
		b.element("RequestId", w.Header().Get("x-amz-request-id"))
		b.element("HostId", w.Header().Get("x-amz-id-2"))
		b.close("Error")
		b.send(w, no.status, "application/xml")
	}
}

// answerS3 answers the request, or says why not. The order is S3's as far as it is known: a bucket of another Region
// sends the client there whoever it is, then comes the signature, then all else.
func (s *Server) answerS3(w http.ResponseWriter, r *http.Request, body []byte) *refusal {
	in := &s3Request{}
	var err error
	at := parseHost(r.Host)
	if in.arrival, err = newArrival(r, body); err == nil {
		in.form, err = url.ParseQuery(strings.ReplaceAll(in.query, ";", "%3B")) // net/url refuses ";"
	}
	if err == nil {
		key := strings.TrimPrefix(in.path, "/")
		if in.bucket = at.bucket; at.bucket == "" {
			in.bucket, key, _ = strings.Cut(key, "/")
		}
		in.key, err = url.PathUnescape(key)
	}
	if err != nil || !utf8.ValidString(in.key) {
		return &refusal{status: 400, code: "InvalidURI", message: "Couldn't parse the specified URI."}
	}
	if at.service == "s3" && at.region == "" {
		at.region = "us-east-1" // s3.amazonaws.com
	}
	s.mu.Lock()
	b := s.bucket[in.bucket]
	s.mu.Unlock()
	want := at.region
	if b != nil {
		want = b.region()
		if r.Method == http.MethodHead {
			w.Header().Set("x-amz-bucket-region", want)
		}
		if !at.serves(want) {
			w.Header().Set("x-amz-bucket-region", want)
			return &refusal{status: 301, code: "PermanentRedirect",
				message: "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.",
				detail:  []string{"Endpoint", b.Name + ".s3." + want + ".amazonaws.com", "Bucket", b.Name}}
		}
	}
	denied := &refusal{status: 403, code: "AccessDenied", message: "Access Denied"}
	account := ""
	if in.signed() {
		v := verifier{service: "s3", region: want, now: time.Now(), credentials: s.credentials}
		var who issuedCredentials
		var no *refusal
		if who, in.content, no = v.verify(in.arrival); no != nil {
			return no
		}
		role := who.principal.roleARN
		if b != nil && b.Roles != nil && !slices.Contains(b.Roles, role) {
			denied.message = fmt.Sprintf("User: %s is not authorized to perform this operation on resource: \"arn:aws:s3:::%s\"", who.principal.arn(), b.Name)
			return denied
		}
		account = arnField(role, 4)
	} else if b != nil && !(b.Public && (r.Method == http.MethodGet || r.Method == http.MethodHead)) {
		return denied
	}
	if b == nil && in.bucket != "" {
		return &refusal{status: 404, code: "NoSuchBucket", message: "The specified bucket does not exist", detail: []string{"BucketName", in.bucket}}
	}
	if b != nil {
		payer := in.header("x-amz-request-payer")
		if owner := in.header("x-amz-expected-bucket-owner"); owner != "" && owner != b.owner() ||
			b.RequesterPays && account != b.owner() && (payer != "requester" || account == "") {
			return denied
		}
		if b.RequesterPays && payer != "" {
			w.Header().Set("x-amz-request-charged", "requester")
		}
		if do := s3Operation(in.operation()); do != nil {
			return do(s, b, w, r, in)
		}
	}
	return &refusal{status: 501, code: "NotImplemented", message: "The stand-in does not know this operation: " + in.operation()}
}

// s3Operation answers an operation of the S3 API by what tells it from the others, nil for one that the stand-in has not.
func s3Operation(name string) func(s *Server, b *Bucket, w http.ResponseWriter, r *http.Request, in *s3Request) *refusal {
	switch name {
	case "GET bucket list-type":
		return listObjectsV2
	case "HEAD bucket":
		return func(*Server, *Bucket, http.ResponseWriter, *http.Request, *s3Request) *refusal { return nil }
	case "GET bucket location":
		return getBucketLocation
	case "GET object", "HEAD object":
		return getObject
	case "PUT object":
		return putObject
	case "DELETE object":
		return deleteObject
	}
	return nil
}

func getBucketLocation(_ *Server, b *Bucket, w http.ResponseWriter, _ *http.Request, _ *s3Request) *refusal {
	region := b.region()
	if region == "us-east-1" {
		region = "" // "Buckets in Region us-east-1 have a LocationConstraint of null"
	}
	var d document
	d.open("LocationConstraint", s3Namespace)
	d.text(region)
	d.close("LocationConstraint")
	d.send(w, http.StatusOK, "application/xml")
	return nil
}

func getObject(s *Server, b *Bucket, w http.ResponseWriter, r *http.Request, in *s3Request) *refusal {
	o, ok := s.Object(b.Name, in.key)
	if !ok {
		return &refusal{status: 404, code: "NoSuchKey", message: "The specified key does not exist.", detail: []string{"Key", in.key}}
	}
	w.Header().Set("ETag", o.etag())
	w.Header().Set("Content-Type", orText(o.ContentType, "binary/octet-stream"))
	http.ServeContent(w, r, "", o.lastModified(), bytes.NewReader(o.Body)) // ranges and conditions
	return nil
}

func putObject(s *Server, b *Bucket, w http.ResponseWriter, _ *http.Request, in *s3Request) *refusal {
	for _, name := range []string{"x-amz-copy-source", "if-match", "if-none-match", "x-amz-write-offset-bytes"} {
		if in.headers[name] != nil {
			return &refusal{status: 501, code: "NotImplemented", message: "A header you provided implies functionality that is not implemented.", detail: []string{"Header", name}}
		}
	}
	if len(in.key) > maxKey {
		return &refusal{status: 400, code: "KeyTooLongError", message: "Your key is too long"}
	}
	o := Object{Body: slices.Clone(in.content), LastModified: time.Now().UTC().Truncate(time.Second), ContentType: in.header("content-type"), StorageClass: in.header("x-amz-storage-class")}
	s.mu.Lock()
	defer s.mu.Unlock()
	if b.Objects == nil {
		b.Objects = make(map[string]Object)
	}
	if _, ok := b.Objects[in.key]; !ok {
		b.keys = nil
	}
	b.Objects[in.key] = o
	w.Header().Set("ETag", o.etag())
	return nil
}

func deleteObject(s *Server, b *Bucket, w http.ResponseWriter, _ *http.Request, in *s3Request) *refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(b.Objects, in.key)
	b.keys = nil
	w.WriteHeader(http.StatusNoContent)
	return nil
}
