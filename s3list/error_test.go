package s3list

import (
	"errors"
	"net/http"
	"strings"
	"testing"
)

// TestError checks all forms of refusals, as fields and as text.
func TestError(t *testing.T) {
	// The fields that errorOf and ids lead to.
	ids := []string{"X-Amz-Request-Id", "RID", "X-Amz-Id-2", "HID"}
	document := Error{Message: "m", RequestID: "4442587FB7D0A2F9", HostID: "hid="}
	for _, test := range []struct {
		name     string
		response *http.Response
		code     string
		want     Error
		text     []string // parts of the text
	}{
		{
			name:     "access denied",
			response: reply(403, errorOf(CodeAccessDenied, "")),
			code:     CodeAccessDenied,
			want:     document,
			text: []string{
				`s3list: ListObjectsV2 of bucket "b12": AccessDenied: m ` +
					`(status 403, request ID 4442587FB7D0A2F9)`,
				"s3:ListBucket",
				"requester-pays",
				"session policy",
			},
		},
		{
			name:     "no such bucket",
			response: reply(404, errorOf(CodeNoSuchBucket, "<BucketName>b12</BucketName>")),
			code:     CodeNoSuchBucket,
			want:     document,
			text:     []string{"NoSuchBucket: m", "check the name"},
		},
		{
			name:     "expired token",
			response: reply(400, errorOf(CodeExpiredToken, "<Token-0>SECRETTOKEN</Token-0>")),
			code:     CodeExpiredToken,
			want:     document,
			text:     []string{"have expired"},
		},
		{
			name:     "invalid token",
			response: reply(400, errorOf(CodeInvalidToken, "<Token-0>SECRETTOKEN</Token-0>")),
			code:     CodeInvalidToken,
			want:     document,
			text:     []string{"does not belong"},
		},
		{
			name: "unknown access key",
			response: reply(403, errorOf(CodeInvalidAccessKeyID,
				"<AWSAccessKeyId>AKIA</AWSAccessKeyId>")),
			code: CodeInvalidAccessKeyID,
			want: document,
			text: []string{"session token"},
		},
		{
			name: "signature",
			response: reply(403, errorOf(CodeSignatureDoesNotMatch,
				"<StringToSign>SECRETTOKEN</StringToSign>"+
					"<CanonicalRequest>SECRETTOKEN</CanonicalRequest>")),
			code: CodeSignatureDoesNotMatch,
			want: document,
			text: []string{"secret access key"},
		},
		{
			name: "clock skew",
			response: reply(403, errorOf(CodeRequestTimeTooSkewed,
				"<ServerTime>2023-11-05T08:08:09Z</ServerTime>")),
			code: CodeRequestTimeTooSkewed,
			want: document,
			text: []string{"clock"},
		},
		{
			name: "invalid argument",
			response: reply(400, errorOf(CodeInvalidArgument,
				"<ArgumentName>start-after</ArgumentName><ArgumentValue>x</ArgumentValue>")),
			code: CodeInvalidArgument,
			want: Error{
				Message:   "m",
				RequestID: "4442587FB7D0A2F9",
				HostID:    "hid=",
				Argument:  "start-after",
			},
			text: []string{"argument start-after"},
		},
		{
			name:     "unknown code",
			response: reply(409, errorOf("NewCode", "")),
			code:     "NewCode",
			want:     document,
		},
		{
			name: "another partition",
			response: reply(301, errorOf(CodePermanentRedirect, ""),
				"X-Amz-Bucket-Region", "cn-north-1"),
			code: CodePermanentRedirect,
			want: Error{
				Message:   "m",
				RequestID: "4442587FB7D0A2F9",
				HostID:    "hid=",
				Region:    "cn-north-1",
			},
			text: []string{"Region cn-north-1", "Client.Region"},
		},
		{
			name:     "redirect without a Region",
			response: reply(301, errorOf(CodePermanentRedirect, "")),
			code:     CodePermanentRedirect,
			want:     document,
			text:     []string{"another Region"},
		},
		{
			name: "namespace, only a code",
			response: reply(403, `<Error xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`+
				`<Code>AccessDenied</Code></Error>`),
			code: CodeAccessDenied,
			text: []string{"AccessDenied (status 403)"},
		},
		{
			name:     "no body",
			response: reply(403, "", ids...),
			code:     "HTTP 403",
			want:     Error{RequestID: "RID", HostID: "HID"},
			text:     []string{"HTTP 403"},
		},
		{
			name: "ids in headers",
			response: reply(403, "<Error><Code>AccessDenied</Code><Message>m</Message></Error>",
				ids...),
			code: CodeAccessDenied,
			want: Error{Message: "m", RequestID: "RID", HostID: "HID"},
		},
		{
			name:     "HTML",
			response: reply(403, "<html>SECRETTOKEN</html>"),
			code:     "HTTP 403",
			text:     []string{"HTTP 403"},
		},
		{
			name:     "cut document",
			response: reply(403, errorOf(CodeAccessDenied, "")[:20]),
			code:     "HTTP 403",
			text:     []string{"HTTP 403"},
		},
		{
			name:     "listing with an error status",
			response: reply(403, pageOf("", "SECRETTOKEN")),
			code:     "HTTP 403",
		},
		{
			name:     "error with status 200",
			response: reply(200, errorOf(CodeInternalError, ""), "X-Amz-Request-Id", "RID"),
			code:     CodeInternalError,
			want:     Error{Message: "m", RequestID: "RID", HostID: "hid="},
			text:     []string{"InternalError: m (status 200, request ID RID)"},
		},
		{
			name: "control characters",
			response: reply(403,
				"<Error><Code>A\nB</Code><Message>c\r\n\td</Message><HostId>e\nf</HostId></Error>"),
			code: "A B",
			want: Error{Message: "c d", HostID: "e f"},
		},
		{
			name:     "status 204",
			response: reply(204, ""),
			code:     "HTTP 204",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := &server{respond: func(_ int, req *http.Request) *http.Response {
				if req.Method == http.MethodHead {
					return reply(400, "")
				}
				return test.response
			}}
			keys, err := collect(t, client(s).Objects(t.Context(), "b12", "prefix"))
			var e *Error
			if !errors.As(err, &e) || len(keys) != 0 {
				t.Fatalf("Objects = %q, %v, want an *Error", keys, err)
			}
			got, want := *e, test.want
			want.Service, want.Operation, want.Bucket = "s3list", "ListObjectsV2", "b12"
			want.Code, want.StatusCode = test.code, test.response.StatusCode
			if strings.HasPrefix(want.Code, "HTTP ") {
				want.Message = got.Message // comes from internal/transport
			}
			if got != want {
				t.Errorf("Error = %+v\nwant    %+v", got, want)
			}
			for _, part := range test.text {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("Error.Error() = %s, want it to contain %q", err, part)
				}
			}
			// Neither the response nor the request is quoted.
			for _, secret := range []string{
				"SECRETTOKEN",
				exampleCredentials.SecretAccessKey,
				"Signature=",
				"\n",
			} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("Error.Error() = %s, which contains %q", err, secret)
				}
			}
		})
	}
}

// TestErrorBounded checks that long texts from the network are cut.
func TestErrorBounded(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	document := "<Error><Code>" + long + "</Code><Message>" + long + "</Message>" +
		"<RequestId>" + long + "</RequestId><HostId>" + long + "</HostId>" +
		"<Region>" + long + "</Region><ArgumentName>" + long + "</ArgumentName></Error>"
	for _, status := range []int{200, 301, 403} {
		s := always(status, document, "X-Amz-Request-Id", long)
		_, err := collect(t, client(s).Objects(t.Context(), "b12", ""))
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("status %d: error is a %T, want an *Error", status, err)
			continue
		}
		if n := len(err.Error()); n > 2500 || len(e.HostID) > 256 || len(e.Region) > 64 {
			t.Errorf("status %d: error of %d bytes, HostID of %d, Region of %d, want 2500, 256, 64",
				status, n, len(e.HostID), len(e.Region))
		}
	}
	for _, body := range []string{
		"<" + long + "></" + long + ">",
		root + "<IsTruncated>" + long + "</IsTruncated>" + end,
		root + notTruncated + "<EncodingType>" + long + "</EncodingType>" + end,
		root + notTruncated + encoded + contents(long+"%") + end,
		root + notTruncated + "<Contents><Key>" + long + "</Key>" +
			"<Size>" + long + "</Size></Contents>" + end,
		root + notTruncated + "</" + long + ">",
		root + "&" + long + ";",
	} {
		_, err := collect(t, client(always(200, body)).Objects(t.Context(), "b12", ""))
		if err == nil || len(err.Error()) > 1000 {
			t.Errorf("%.20s...: error of %d bytes, want at most 1000: %.200s",
				body, len(err.Error()), err)
		}
	}
}
