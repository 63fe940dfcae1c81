package awshost

import (
	"strings"
	"testing"
)

// TestScope checks one host of each form. internal/interop compares Scope with botocore for all
// service models.
func TestScope(t *testing.T) {
	for _, test := range []struct{ host, service, region string }{
		// Regional hosts, in each partition.
		{"kinesis.us-east-1.amazonaws.com", "kinesis", "us-east-1"},
		{"Kinesis.US-East-1.amazonaws.com:443", "kinesis", "us-east-1"},
		{"lambda.us-east-1.api.aws", "lambda", "us-east-1"},
		{"dynamodb.cn-north-1.amazonaws.com.cn", "dynamodb", "cn-north-1"},
		{"sqs.cn-north-1.api.amazonwebservices.com.cn", "sqs", "cn-north-1"},
		{"logs.eusc-de-east-1.amazonaws.eu", "logs", "eusc-de-east-1"},
		{"sts.us-gov-west-1.amazonaws.com", "sts", "us-gov-west-1"},
		{"kms.us-iso-east-1.c2s.ic.gov", "kms", "us-iso-east-1"},
		{"kms.us-isob-east-1.sc2s.sgov.gov", "kms", "us-isob-east-1"},
		{"kms.eu-isoe-west-1.cloud.adc-e.uk", "kms", "eu-isoe-west-1"},
		{"kms.us-isof-south-1.api.aws.hci.ic.gov", "kms", "us-isof-south-1"},
		{"ec2.eu-new-9.amazonaws.com", "ec2", "eu-new-9"}, // a Region of the future

		// Signing names that differ from the host name.
		{"email.us-east-1.amazonaws.com", "ses", "us-east-1"},
		{"bedrock-runtime.us-east-1.amazonaws.com", "bedrock", "us-east-1"},
		{"participant.connect.us-east-1.amazonaws.com", "execute-api", "us-east-1"},
		{"streams.dynamodb.us-east-1.amazonaws.com", "dynamodb", "us-east-1"},
		{"monitoring.us-east-1.amazonaws.com", "monitoring", "us-east-1"},
		{"models.lex.us-east-1.amazonaws.com", "lex", "us-east-1"},
		{"oidc.eu-west-1.amazonaws.com", "sso-oauth", "eu-west-1"},
		{"portal.sso.eu-west-1.amazonaws.com", "awsssoportal", "eu-west-1"},
		{"api.tunneling.iot.eu-west-1.amazonaws.com", "IoTSecuredTunneling", "eu-west-1"},
		{"pinpoint.us-east-1.amazonaws.com", "mobiletargeting", "us-east-1"},
		{"sync-states.us-east-1.amazonaws.com", "states", "us-east-1"},
		{"aps-workspaces.us-east-1.amazonaws.com", "aps", "us-east-1"},
		{"appstream2.us-east-1.amazonaws.com", "appstream", "us-east-1"},
		{"memory-db.us-east-1.amazonaws.com", "memorydb", "us-east-1"},
		{"transcribestreaming.us-west-2.amazonaws.com:8443", "transcribe", "us-west-2"},
		{"maps.geo.us-east-1.api.aws", "geo-maps", "us-east-1"},
		{"places.geo.us-east-1.api.aws", "geo-places", "us-east-1"},
		{"tracking.geo.us-east-1.amazonaws.com", "geo", "us-east-1"},

		// FIPS.
		{"kinesis-fips.us-east-1.amazonaws.com", "kinesis", "us-east-1"},
		{"fips.batch.us-east-1.amazonaws.com", "batch", "us-east-1"},
		{"api-fips.sagemaker.us-east-1.amazonaws.com", "sagemaker", "us-east-1"},
		{"bucket.s3-fips.dualstack.us-east-1.amazonaws.com", "s3", "us-east-1"},

		// Hosts without a Region, and with one that is not of the form of the others.
		{"sts.amazonaws.com", "sts", "us-east-1"},
		{"iam.amazonaws.com", "iam", "us-east-1"},
		{"iam.us-gov.amazonaws.com", "iam", "us-gov-west-1"},
		{"iam.global.api.amazonwebservices.com.cn", "iam", "cn-north-1"},
		{"route53.amazonaws.com.cn", "route53", "cn-northwest-1"},
		{"cloudfront.amazonaws.com", "cloudfront", "us-east-1"},
		{"queue.amazonaws.com", "sqs", "us-east-1"},
		{"us-west-2.queue.amazonaws.com", "sqs", "us-west-2"},
		{"globalaccelerator.us-west-2.amazonaws.com", "globalaccelerator", "us-west-2"},

		// Amazon S3.
		{"s3.amazonaws.com", "s3", "us-east-1"},
		{"bucket.s3.amazonaws.com", "s3", "us-east-1"},
		{"my.us-west-2.s3.amazonaws.com", "s3", "us-east-1"},
		{"s3.eu-west-1.amazonaws.com", "s3", "eu-west-1"},
		{"bucket.s3.eu-west-1.amazonaws.com", "s3", "eu-west-1"},
		{"my.bucket.us-east-1.s3.eu-west-1.amazonaws.com", "s3", "eu-west-1"},
		{"bucket.s3.dualstack.eu-west-1.amazonaws.com", "s3", "eu-west-1"},
		{"bucket.s3-us-west-2.amazonaws.com", "s3", "us-west-2"},
		{"s3-us-gov-west-1.amazonaws.com", "s3", "us-gov-west-1"},
		{"s3-external-1.amazonaws.com", "s3", "us-east-1"},
		{"bucket.s3-accelerate.amazonaws.com", "s3", ""},
		{"my.bucket.s3-accelerate.dualstack.amazonaws.com", "s3", ""},
		{"point-123456789012.s3-accesspoint.us-east-1.amazonaws.com", "s3", "us-east-1"},
		{"123456789012.s3-control.eu-west-1.amazonaws.com", "s3", "eu-west-1"},
		{"123456789012.s3-control-fips.dualstack.us-west-2.amazonaws.com", "s3", "us-west-2"},
		{"p-1.s3-object-lambda.us-east-1.amazonaws.com", "s3-object-lambda", "us-east-1"},
		{"p-1.op-01.s3-outposts.us-east-1.amazonaws.com", "s3-outposts", "us-east-1"},
		{"b--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com", "s3express", "us-east-1"},
		{"s3express-control.us-east-1.amazonaws.com", "s3express", "us-east-1"},

		// Hosts of accounts and of users' resources.
		{"123456789012.ddb.us-east-1.amazonaws.com", "dynamodb", "us-east-1"},
		{"123456789012.data-kinesis.us-east-1.amazonaws.com", "kinesis", "us-east-1"},
		{"abc.execute-api.eu-west-1.amazonaws.com", "execute-api", "eu-west-1"},
		{"abc-vpce-0.execute-api.eu-west-1.amazonaws.com", "execute-api", "eu-west-1"},
		{"abc.lambda-url.us-east-1.on.aws", "lambda", "us-east-1"},
		{"abc.appsync-api.ap-southeast-2.amazonaws.com", "appsync", "ap-southeast-2"},
		{"abc.appsync-realtime-api.ap-southeast-2.amazonaws.com", "appsync", "ap-southeast-2"},
		{"abc.us-east-1.aoss.amazonaws.com", "aoss", "us-east-1"},
		{"abc.eu-west-1.aoss-fips.amazonaws.com", "aoss", "eu-west-1"},
		{"search-a-bc.us-east-1.es.amazonaws.com", "es", "us-east-1"},
		{"search-d-abc.aos.eu-west-1.on.aws", "es", "eu-west-1"},
		{"vpc-d-abc.aos.eu-west-1.on.aws", "es", "eu-west-1"},
		{"search-d-a.us-east-1.cloudsearch.amazonaws.com", "cloudsearch", "us-east-1"},
		{"db.cluster-abc.us-east-1.neptune.amazonaws.com", "neptune-db", "us-east-1"},
		{"g-0.us-east-1.neptune-graph.amazonaws.com", "neptune-graph", "us-east-1"},
		{"p-a.us-east-1.osis.amazonaws.com", "osis", "us-east-1"},
		{"a1b2-ats.iot.us-east-1.amazonaws.com", "iotdata", "us-east-1"},
		{"data-ats.iot.us-east-1.amazonaws.com", "iotdata", "us-east-1"},
		{"greengrass-ats.iot.us-east-1.amazonaws.com", "greengrass", "us-east-1"},
		{"a1b2.jobs.iot.us-east-1.amazonaws.com", "iot-jobs-data", "us-east-1"},
		{"iot.us-east-1.amazonaws.com", "iot", "us-east-1"},
		{"m-1.kinesisvideo.us-west-2.amazonaws.com", "kinesisvideo", "us-west-2"},
		{"abc.data.mediastore.us-west-2.amazonaws.com", "mediastore", "us-west-2"},
		{"abc.mediaconvert.us-west-2.amazonaws.com", "mediaconvert", "us-west-2"},
		{"ingest-cell1.timestream.us-east-1.amazonaws.com", "timestream", "us-east-1"},
		{"query-cell2.timestream.us-east-1.amazonaws.com", "timestream", "us-east-1"},
		{"s-0.7d67968.vpc-lattice-svcs.us-east-1.on.aws", "vpc-lattice-svcs", "us-east-1"},

		// VPC endpoints.
		{"vpce-0-abc.execute-api.us-east-1.vpce.amazonaws.com", "execute-api", "us-east-1"},
		{"vpce-0-abc-us-east-1a.kinesis.us-east-1.vpce.amazonaws.com", "kinesis", "us-east-1"},
		{"bucket.vpce-0-abc.s3.us-east-1.vpce.amazonaws.com", "s3", "us-east-1"},
		{"vpce-0-abc.api.sagemaker.us-east-1.vpce.amazonaws.com", "sagemaker", "us-east-1"},
	} {
		service, region, err := Scope(test.host)
		if err != nil || service != test.service || region != test.region {
			t.Errorf("Scope(%s) = %q, %q, %v, want %q, %q",
				test.host, service, region, err, test.service, test.region)
		}
	}
}

// TestScopeUnknown checks that Scope does not guess.
// TestLongNames checks that names that cannot be resolved are refused without a search.
func TestLongNames(t *testing.T) {
	host := strings.Repeat("a.", 1<<20) + "kinesis.us-east-1.amazonaws.com"
	if _, _, err := Scope(host); err == nil || len(err.Error()) > 100 {
		t.Errorf("Scope of a long name = %.200v, want a short error", err)
	}
	if err := Check(host, "us-east-1"); err == nil || len(err.Error()) > 100 {
		t.Errorf("Check of a long name = %.200v, want a short error", err)
	}
}

func TestScopeUnknown(t *testing.T) {
	for _, host := range []string{
		"",
		".",
		".amazonaws.com",
		"amazonaws.com",
		"us-east-1.amazonaws.com",
		"unknown.us-east-1.amazonaws.com",
		"abc.unknown.us-east-1.amazonaws.com",
		"abc.kinesis.us-east-1.amazonaws.com",
		".execute-api.us-east-1.amazonaws.com",
		"kinesis.amazonaws.com",
		"kinesis.us-east-1.amazonaws.com.cn",
		"kinesis.us-east-1.amazonaws.com.",
		"evil-amazonaws.com",
		"kinesis.us-east-1.evil-amazonaws.com",
		"s3.us-east-1.amazonaws.com.evil.example",
		"bucket.s3-website-us-east-1.amazonaws.com",
		"bucket.s3-website.eu-central-1.amazonaws.com",
		"m.accesspoint.s3-global.amazonaws.com",        // Signature Version 4A
		"abc.endpoint.events.amazonaws.com",            // Signature Version 4A
		"a1b2.credentials.iot.us-east-1.amazonaws.com", // client certificates
		"vpce-0-abc.vpce-svc-0.us-east-1.vpce.amazonaws.com",
		"maps.geo.us-east-1.amazonaws.com", // geo or geo-maps
		"api.example.com",
		"localhost",
		"127.0.0.1:9000",
		"[::1]:9000",
		"suffix",
		"*",
	} {
		if service, region, err := Scope(host); err == nil || service+region != "" {
			t.Errorf("Scope(%q) = %q, %q, %v, want an error", host, service, region, err)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, test := range []struct{ host, region, want string }{
		{"kinesis.eu-west-3.amazonaws.com", "eu-west-3", ""},
		{"kinesis.eu-west-3.amazonaws.com", "us-east-1", "Region eu-west-3, not us-east-1"},
		{"abc.execute-api.eu-west-3.amazonaws.com", "eu-west-1", "eu-west-3, not eu-west-1"},
		{"b.s3.eu-west-3.amazonaws.com:443", "us-east-1", "eu-west-3, not us-east-1"},
		{"iam.amazonaws.com", "eu-west-3", "us-east-1, not eu-west-3"},
		{"iam.amazonaws.com", "us-east-1", ""},
		{"bucket.s3.amazonaws.com", "eu-west-3", ""},
		{"bucket.s3-accelerate.amazonaws.com", "eu-west-3", ""},
		{"us-east-1-logs.s3.amazonaws.com", "eu-west-3", ""},
		{"s3.us-east-1.amazonaws.com", "eu-west-3", "us-east-1, not eu-west-3"},
		{"Kinesis.eu-west-3.amazonaws.com.:443", "us-east-1", "eu-west-3, not us-east-1"},

		// The service is unknown, but the name has a Region.
		{"maps.geo.us-east-1.amazonaws.com", "eu-west-3", "us-east-1, not eu-west-3"},
		{"maps.geo.us-east-1.amazonaws.com", "us-east-1", ""},
		{"unknown.eu-west-3.amazonaws.com", "us-east-1", "eu-west-3, not us-east-1"},
		{"abc.eu-west-3.unknown.on.aws", "us-east-1", "eu-west-3, not us-east-1"},
		{"us-east-1.unknown.eu-west-3.amazonaws.com", "eu-west-3", ""},
		{"unknown.amazonaws.com", "eu-west-3", ""},
		{"ec2-192-0-2-1.us-west-2.compute.amazonaws.com:9000", "eu-west-3", ""},
		{"balancer-1.us-west-2.elb.amazonaws.com", "eu-west-3", ""},
		{"balancer-1.elb.us-west-2.amazonaws.com", "eu-west-3", ""},
		{"vpce-0-abc.vpce-svc-0.us-west-2.vpce.amazonaws.com", "eu-west-3", ""},
		{"eu-west-1.example.com", "eu-west-3", ""},
		{"api.example.com", "eu-west-3", ""},
		{"127.0.0.1:9000", "eu-west-3", ""},
	} {
		err := Check(test.host, test.region)
		if test.want == "" && err != nil ||
			test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("Check(%s, %s) = %v, want %q", test.host, test.region, err, test.want)
		}
	}
}

// TestHosts checks the form of the table.
func TestHosts(t *testing.T) {
	suffixes, keys := 0, map[string]bool{}
	for line := range strings.Lines(hosts) {
		key, _, ok := strings.Cut(line, "=")
		switch {
		case strings.HasPrefix(line, "#"):
		case !ok || keys[key]:
			t.Errorf("line %q has no key, or one that another line has", line)
		case strings.HasPrefix(line, "."):
			suffixes++
		}
		keys[key] = true
	}
	if suffixes < 15 || len(keys) < 500 {
		t.Errorf("%d suffixes and %d keys, want at least 15 and 500", suffixes, len(keys))
	}
}

func BenchmarkScope(b *testing.B) {
	for b.Loop() {
		if _, _, err := Scope("abc.execute-api.eu-west-1.amazonaws.com"); err != nil {
			b.Fatal(err)
		}
	}
}
