package cognitotest

import (
	"bytes"
	"cmp"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/loginwithcognito/cognito/cognitotest/internal/sigv4check"
)

// Bucket is an S3 bucket. All credentials that the server issued may use it, unless Roles is set.
type Bucket struct {
	// Name is the name of the bucket.
	Name string

	// Region is the Region of the bucket. If it is empty, the Region is us-east-1.
	Region string

	// Owner is the AWS account ID that x-amz-expected-bucket-owner and RequesterPays refer to. If
	// it is empty, the owner is 123456789012.
	Owner string

	// Objects are the objects by key, which is UTF-8. PutObject and DeleteObject change the map.
	// While requests may be in flight, read it with [Server.Object].
	Objects map[string]Object

	// Roles are the ARNs of the roles that may use the bucket. If Roles is nil, all roles may.
	Roles []string

	// Public allows clients to list and read the bucket without a signature.
	Public bool

	// RequesterPays requires x-amz-request-payer: requester from other accounts.
	RequesterPays bool

	keys []string // the sorted keys of Objects; nil if they changed
}

// Object is an object in a [Bucket]. PutObject stores no metadata, tags or encryption settings.
type Object struct {
	// Body is the content.
	Body []byte

	// LastModified is 2009-10-12T17:50:30Z if it is zero.
	LastModified time.Time

	// ContentType is binary/octet-stream if it is empty.
	ContentType string

	// StorageClass is STANDARD if it is empty.
	StorageClass string
}

const maxKey = 1024 // bytes of UTF-8 in an object key ("Naming Amazon S3 objects")

func (b *Bucket) region() string { return cmp.Or(b.Region, "us-east-1") }
func (b *Bucket) owner() string  { return cmp.Or(b.Owner, "123456789012") }

// etag returns the ETag of an object. If Go refuses MD5 (GODEBUG=fips140=only), it is not the MD5
// hash of the body, as with SSE-KMS ("Object", Amazon S3 API Reference).
func (o Object) etag() (tag string) {
	defer func() {
		if recover() != nil {
			sum := sha256.Sum256(o.Body)
			tag = `"` + hex.EncodeToString(sum[:md5.Size]) + `"`
		}
	}()
	sum := md5.Sum(o.Body)
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

func (o Object) lastModified() time.Time {
	if o.LastModified.IsZero() {
		return time.Date(2009, 10, 12, 17, 50, 30, 0, time.UTC)
	}
	return o.LastModified.UTC()
}

// Object returns the current object of a key. Do not change its Body.
func (s *Server) Object(bucket, key string) (o Object, ok bool) {
	s.start.Do(s.load)
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.buckets[bucket]; b != nil {
		o, ok = b.Objects[key]
	}
	return o, ok
}

// s3Request is a request to S3.
type s3Request struct {
	*http.Request
	server  *Server
	w       http.ResponseWriter
	form    url.Values // the query, in which S3 decodes "+" as a space
	name    string     // of the bucket
	key     string
	bucket  *Bucket
	account string // the AWS account ID of the caller
	content []byte // the body without chunk framing
}

// s3Operations are the operations by method, target and the names of their query parameters.
var s3Operations = map[string]func(*s3Request) (write func(), err error){
	"GET account":          (*s3Request).listBuckets,
	"GET bucket list-type": (*s3Request).listObjectsV2,
	"HEAD bucket":          (*s3Request).headBucket,
	"GET bucket location":  (*s3Request).getBucketLocation,
	"GET object":           (*s3Request).getObject,
	"HEAD object":          (*s3Request).getObject,
	"PUT object":           (*s3Request).putObject,
	"DELETE object":        (*s3Request).deleteObject,
}

// operation returns the key of s3Operations for the request. Query parameters that do not select an
// operation are left out. All others are part of the key, so that a request is never mistaken for
// another operation.
func (r *s3Request) operation() string {
	target, known := "bucket", listParameters
	switch {
	case r.name == "":
		target, known = "account", bucketParameters
	case r.key != "":
		target, known = "object", nil
	}
	var names []string
	for name := range r.form {
		listing := slices.Contains(known, name)
		signing := strings.HasPrefix(strings.ToLower(name), "x-amz-")
		if !listing && !signing && name != "x-id" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return strings.TrimSuffix(r.Method+" "+target+" "+strings.Join(names, "&"), " ")
}

// serveS3 responds as the S3 REST API.
func (s *Server) serveS3(w http.ResponseWriter, r *http.Request, body []byte) func() {
	requestID := strings.ToUpper(hex.EncodeToString(random(8)))
	hostID := base64.StdEncoding.EncodeToString(random(48))
	w.Header().Set("x-amz-request-id", requestID)
	w.Header().Set("x-amz-id-2", hostID)
	w.Header().Set("Server", "AmazonS3")
	in := &s3Request{Request: r, server: s, w: w, content: body}
	write, err := in.call()
	if err != nil {
		e := err.(*refusal)
		return writeXML(w, e.Status, "application/xml", element("Error",
			elements("Code", e.Code, "Message", e.Message),
			elements(e.Details...),
			elements("RequestId", requestID, "HostId", hostID)))
	}
	return write
}

// call checks the request and runs its operation. The order is S3's where it is known: the redirect
// to the Region of the bucket, then the signature, then everything else.
func (r *s3Request) call() (write func(), err error) {
	if err := r.parse(); err != nil {
		return nil, err
	}
	at := parseHost(r.Host)
	if at.service == "s3" && at.region == "" {
		at.region = "us-east-1" // s3.amazonaws.com
	}
	region := at.region
	b := r.bucket
	if b != nil {
		region = b.region()
		if r.Method == http.MethodHead || !at.serves(region) {
			r.w.Header().Set("x-amz-bucket-region", region)
		}
		if !at.serves(region) {
			return nil, deny(301, "PermanentRedirect", "The bucket you are attempting to access "+
				"must be addressed using the specified endpoint. "+
				"Please send all future requests to this endpoint.",
				"Endpoint", b.Name+".s3."+region+".amazonaws.com", "Bucket", b.Name)
		}
	}
	account, err := r.authenticate(region)
	if err != nil {
		return nil, err
	}
	if b == nil && r.name != "" {
		return nil, deny(404, "NoSuchBucket", "The specified bucket does not exist",
			"BucketName", r.name)
	}
	r.account = account
	if b != nil {
		if err := r.checkOwner(account); err != nil {
			return nil, err
		}
	}
	if do := s3Operations[r.operation()]; do != nil {
		return do(r)
	}
	return nil, deny(501, "NotImplemented", "cognitotest does not implement "+r.operation())
}

// parse reads the bucket and the key from the host and the path, and the query.
func (r *s3Request) parse() error {
	path, query := r.URL.EscapedPath(), r.URL.RawQuery
	if strings.HasPrefix(r.RequestURI, "/") {
		path, query, _ = strings.Cut(r.RequestURI, "?") // the bytes that were sent
	}
	key := strings.TrimPrefix(path, "/")
	r.name = parseHost(r.Host).bucket
	if r.name == "" {
		r.name, key, _ = strings.Cut(key, "/")
	}
	r.bucket = r.server.buckets[r.name]
	var err error
	if r.key, err = url.PathUnescape(key); err == nil {
		// net/url refuses a semicolon.
		r.form, err = url.ParseQuery(strings.ReplaceAll(query, ";", "%3B"))
	}
	if err != nil || !utf8.ValidString(r.key) {
		return deny(400, "InvalidURI", "Couldn't parse the specified URI.")
	}
	return nil
}

// authenticate checks the signature, and whether the signer may use the bucket. It returns the AWS
// account of the signer, which is empty for an anonymous request.
func (r *s3Request) authenticate(region string) (account string, err error) {
	id, content, err := sigv4check.Verify(r.Request, r.content, sigv4check.Rules{
		Service: "s3",
		Region:  region,
		Now:     time.Now(),
		Lookup:  r.server.lookup,
	})
	if err != nil {
		return "", err
	}
	r.content = content
	b := r.bucket
	c, signed := r.server.issued.get(id)
	if !signed {
		read := r.Method == http.MethodGet || r.Method == http.MethodHead
		if b != nil && !(b.Public && read) {
			return "", errAccessDenied
		}
		return "", nil
	}
	role := c.principal.roleARN
	if b != nil && b.Roles != nil && !slices.Contains(b.Roles, role) {
		return "", deny(403, "AccessDenied", "User: "+c.principal.arn()+" is not authorized to "+
			`perform this operation on resource: "arn:aws:s3:::`+b.Name+`"`)
	}
	return arnField(role, 4), nil
}

var errAccessDenied = deny(403, "AccessDenied", "Access Denied")

// checkOwner checks the expected owner, and whether the requester agrees to pay.
func (r *s3Request) checkOwner(account string) error {
	b := r.bucket
	expected := r.Header.Get("x-amz-expected-bucket-owner")
	payer := r.Header.Get("x-amz-request-payer")
	pays := account == b.owner() || account != "" && payer == "requester"
	if expected != "" && expected != b.owner() || b.RequesterPays && !pays {
		return errAccessDenied
	}
	if b.RequesterPays && payer != "" {
		r.w.Header().Set("x-amz-request-charged", "requester")
	}
	return nil
}

func (r *s3Request) headBucket() (func(), error) { return func() {}, nil }

func (r *s3Request) getBucketLocation() (func(), error) {
	region := r.bucket.region()
	if region == "us-east-1" {
		region = "" // "Buckets in Region us-east-1 have a LocationConstraint of null"
	}
	return writeXML(r.w, http.StatusOK, "application/xml",
		element(`LocationConstraint xmlns="`+s3Namespace+`"`, escapeXML(region))), nil
}

func (r *s3Request) getObject() (func(), error) {
	o, ok := r.bucket.Objects[r.key]
	if !ok {
		return nil, deny(404, "NoSuchKey", "The specified key does not exist.", "Key", r.key)
	}
	r.w.Header().Set("ETag", o.etag())
	r.w.Header().Set("Content-Type", cmp.Or(o.ContentType, "binary/octet-stream"))
	return func() { // ServeContent handles ranges and conditions.
		http.ServeContent(r.w, r.Request, "", o.lastModified(), bytes.NewReader(o.Body))
	}, nil
}

func (r *s3Request) putObject() (func(), error) {
	unsupported := []string{
		"X-Amz-Copy-Source",
		"If-Match",
		"If-None-Match",
		"X-Amz-Write-Offset-Bytes",
	}
	for _, name := range unsupported {
		if r.Header[name] != nil {
			return nil, deny(501, "NotImplemented",
				"A header you provided implies functionality that is not implemented.",
				"Header", strings.ToLower(name))
		}
	}
	if len(r.key) > maxKey {
		return nil, deny(400, "KeyTooLongError", "Your key is too long")
	}
	o := Object{
		Body:         slices.Clone(r.content),
		LastModified: time.Now().UTC().Truncate(time.Second),
		ContentType:  r.Header.Get("Content-Type"),
		StorageClass: r.Header.Get("X-Amz-Storage-Class"),
	}
	if r.bucket.Objects == nil {
		r.bucket.Objects = make(map[string]Object)
	}
	if _, ok := r.bucket.Objects[r.key]; !ok {
		r.bucket.keys = nil
	}
	r.bucket.Objects[r.key] = o
	r.w.Header().Set("ETag", o.etag())
	return func() {}, nil
}

func (r *s3Request) deleteObject() (func(), error) {
	delete(r.bucket.Objects, r.key)
	r.bucket.keys = nil
	return func() { r.w.WriteHeader(http.StatusNoContent) }, nil
}
