package s3list

import (
	"errors"
	"net/http"
	"strings"
	"testing"
)

// Every form of error answer, as fields and as text.
func TestError(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer *http.Response
		want   Error
		text   []string // that Error must contain
	}{
		{"access denied", reply(403, errorOf(CodeAccessDenied, "")),
			Error{Code: CodeAccessDenied, Message: "m", RequestID: "4442587FB7D0A2F9", HostID: "hid="},
			[]string{`s3list: ListObjectsV2 of bucket "b12": AccessDenied: m (status 403, request id 4442587FB7D0A2F9)`, "s3:ListBucket", "requester-pays", "session policy"}},
		{"no such bucket", reply(404, errorOf(CodeNoSuchBucket, "<BucketName>b12</BucketName>")),
			Error{Code: CodeNoSuchBucket, Message: "m", RequestID: "4442587FB7D0A2F9", HostID: "hid="}, []string{"NoSuchBucket: m", "check the name"}},
		{"expired token", reply(400, errorOf(CodeExpiredToken, "<Token-0>SECRETTOKEN</Token-0>")),
			Error{Code: CodeExpiredToken, Message: "m", RequestID: "4442587FB7D0A2F9", HostID: "hid="}, []string{"have expired"}},
		{"invalid token", reply(400, errorOf(CodeInvalidToken, "<Token-0>SECRETTOKEN</Token-0>")),
			Error{Code: CodeInvalidToken, Message: "m", RequestID: "4442587FB7D0A2F9", HostID: "hid="}, []string{"does not belong"}},
		{"unknown key", reply(403, errorOf(CodeInvalidAccessKeyID, "<AWSAccessKeyId>AKIA</AWSAccessKeyId>")),
			Error{Code: CodeInvalidAccessKeyID, Message: "m", RequestID: "4442587FB7D0A2F9", HostID: "hid="}, []string{"session token"}},
		{"signature", reply(403, errorOf(CodeSignatureDoesNotMatch, "<StringToSign>SECRETTOKEN</StringToSign><CanonicalRequest>SECRETTOKEN</CanonicalRequest>")),
			Error{Code: CodeSignatureDoesNotMatch, Message: "m", RequestID: "4442587FB7D0A2F9", HostID: "hid="}, []string{"secret access key"}},
		{"skew", reply(403, errorOf(CodeRequestTimeTooSkewed, "<ServerTime>2023-11-05T08:08:09Z</ServerTime>")),
			Error{Code: CodeRequestTimeTooSkewed, Message: "m", RequestID: "4442587FB7D0A2F9", HostID: "hid="}, []string{"clock"}},
		{"invalid argument", reply(400, errorOf(CodeInvalidArgument, "<ArgumentName>start-after</ArgumentName><ArgumentValue>x</ArgumentValue>")),
			Error{Code: CodeInvalidArgument, Message: "m", RequestID: "4442587FB7D0A2F9", HostID: "hid=", Argument: "start-after"}, []string{"argument start-after"}},
		{"unknown code", reply(409, errorOf("NewCode", "")),
			Error{Code: "NewCode", Message: "m", RequestID: "4442587FB7D0A2F9", HostID: "hid="}, nil},
		{"another partition", reply(301, errorOf(CodePermanentRedirect, ""), "X-Amz-Bucket-Region", "cn-north-1"),
			Error{Code: CodePermanentRedirect, Message: "m", RequestID: "4442587FB7D0A2F9", HostID: "hid=", Region: "cn-north-1"}, []string{"Region cn-north-1", "Client.Region"}},
		{"no Region to be had", reply(301, errorOf(CodePermanentRedirect, "")),
			Error{Code: CodePermanentRedirect, Message: "m", RequestID: "4442587FB7D0A2F9", HostID: "hid="}, []string{"another Region"}},
		{"namespace and no end of line", reply(403, `<Error xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Code>AccessDenied</Code></Error>`),
			Error{Code: CodeAccessDenied}, []string{"AccessDenied (status 403)"}},
		{"no body", reply(403, "", "X-Amz-Request-Id", "RID", "X-Amz-Id-2", "HID"),
			Error{Code: "HTTP 403", RequestID: "RID", HostID: "HID"}, []string{"HTTP 403"}},
		{"ids in headers", reply(403, "<Error><Code>AccessDenied</Code><Message>m</Message></Error>", "X-Amz-Request-Id", "RID", "X-Amz-Id-2", "HID"),
			Error{Code: CodeAccessDenied, Message: "m", RequestID: "RID", HostID: "HID"}, nil},
		{"HTML", reply(403, "<html>SECRETTOKEN</html>"), Error{Code: "HTTP 403"}, []string{"HTTP 403"}},
		{"cut", reply(403, errorOf(CodeAccessDenied, "")[:20]), Error{Code: "HTTP 403"}, []string{"HTTP 403"}},
		{"a listing that is none", reply(403, pageOf("", "SECRETTOKEN")), Error{Code: "HTTP 403"}, nil},
		{"an error in a success", reply(200, errorOf(CodeInternalError, ""), "X-Amz-Request-Id", "RID"),
			Error{Code: CodeInternalError, Message: "m", RequestID: "RID", HostID: "hid="}, []string{"InternalError: m (status 200, request id RID)"}},
		{"control characters", reply(403, "<Error><Code>A\nB</Code><Message>c\r\n\td</Message><HostId>e\nf</HostId></Error>"),
			Error{Code: "A B", Message: "c d", HostID: "e f"}, nil},
		{"no status 204", reply(204, ""), Error{Code: "HTTP 204"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := &server{answer: func(_ int, req *http.Request) *http.Response {
				if req.Method == http.MethodHead {
					return reply(400, "")
				}
				return test.answer
			}}
			c := client(s)
			keys, err := collect(t, c.Objects(t.Context(), "b12", "prefix"))
			var e *Error
			if !errors.As(err, &e) || len(keys) != 0 {
				t.Fatalf("%q, %v", keys, err)
			}
			want := test.want
			want.Operation, want.Bucket, want.StatusCode = "ListObjectsV2", "b12", test.answer.StatusCode
			got := *e
			got.err = nil
			if strings.HasPrefix(want.Code, "HTTP ") {
				want.Message = got.Message // the words of another package
			}
			if got != want {
				t.Errorf("%+v\nwant %+v", got, want)
			}
			for _, part := range test.text {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q is not in %s", part, err)
				}
			}
			// Neither what was answered nor what was sent.
			for _, secret := range []string{"SECRETTOKEN", exampleCredentials.SecretAccessKey, "Signature=", "\n"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("%q is in %s", secret, err)
				}
			}
		})
	}
}

// Text from the wire has an end.
func TestErrorBounded(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	for _, status := range []int{200, 301, 403} {
		s := &server{answer: func(_ int, req *http.Request) *http.Response {
			return reply(status, "<Error><Code>"+long+"</Code><Message>"+long+"</Message><RequestId>"+long+"</RequestId><HostId>"+long+"</HostId><Region>"+long+
				"</Region><ArgumentName>"+long+"</ArgumentName></Error>", "X-Amz-Request-Id", long)
		}}
		_, err := collect(t, client(s).Objects(t.Context(), "b12", ""))
		var e *Error
		if !errors.As(err, &e) || len(err.Error()) > 2500 || len(e.HostID) > 256 || len(e.Region) > 64 {
			t.Errorf("status %d: %T of %d bytes", status, err, len(err.Error()))
		}
	}
	for _, body := range []string{
		"<" + long + "></" + long + ">",
		root + "<IsTruncated>" + long + "</IsTruncated>" + end,
		root + notTruncated + "<EncodingType>" + long + "</EncodingType>" + end,
		root + notTruncated + encoded + contents(long+"%") + end,
		root + notTruncated + "<Contents><Key>" + long + "</Key><Size>" + long + "</Size></Contents>" + end,
		root + notTruncated + "</" + long + ">",
		root + "&" + long + ";",
	} {
		s := &server{answer: func(int, *http.Request) *http.Response { return reply(200, body) }}
		if _, err := collect(t, client(s).Objects(t.Context(), "b12", "")); err == nil || len(err.Error()) > 1000 {
			t.Errorf("%.20s: %d bytes of error: %.200s", body, len(err.Error()), err)
		}
	}
}
