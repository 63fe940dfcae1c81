package repotest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A trap is a rule that programs for Cognito or related services have broken, or that cannot be
// guessed. Tests are named by folder, without internal/, and function. After "/" is the beginning
// of the names of subtests.
type trap struct {
	rule    string
	source  string // documents the rule, or breaks it
	holds   string // tests that check the rule
	refused string // tests that check that the opposite is refused or has no effect
}

var traps = []trap{
	// SRP arithmetic.
	{"k hashes N with its leading zero byte, and g as one byte",
		"amplify-js AuthenticationHelper.ts; RFC 5054 2.5.3 fills g up",
		"srp.TestPublishedGroup srp.TestPublished",
		"srp.TestVariants/k_with_N srp.TestVariants/k_with_g srp.TestVariants/k_of_RFC"},
	{"A, B, S and u are hashed as minimal two's complement, without padding",
		"amplify-js getPaddedHex.ts; RFC 5054 2.6 fills A and B up",
		"srp.TestPublishedSteps srp.TestGenerated",
		"srp.TestVariants/A_and_B srp.TestVariants/S_ srp.TestVariants/u_"},
	{"SALT is a number: an odd length and leading zeros are ignored",
		"aws-sdk-android CognitoUser.java; amplify-js getPaddedHex.ts",
		"srp.TestParseHex srp.TestGenerated",
		"srp.TestVariants/salt srp.TestPublished"},
	{"a SALT or SRP_B with a sign is an error",
		"github.com/aws-amplify/amplify-js/issues/4430",
		"srp.TestSignRefuses srp.TestParseHex",
		"cognito.TestInvalidSRPChallenge/negative cognitotest.TestExchangeRefusesA"},
	{"B = 0 mod N and A = 0 mod N are refused", "RFC 5054 2.5.3 and 2.5.4",
		"srp.TestSignRefuses srp.TestNewServerRefuses",
		"srp.TestGenerated cognito.TestInvalidSRPChallenge/B_is cognitotest.TestExchangeRefusesA"},
	{"B - k*g^x may be negative and is reduced to 0 to N-1",
		"RFC 5054 2.6; aws-sdk-net-extensions-cognito AuthenticationHelper.cs TrueMod",
		"srp.TestPublishedSteps srp.TestGenerated",
		"srp.TestVariants/absolute"},
	{"secret exponents are random, long, and new in each exchange",
		"RFC 5054 2.5.4; github.com/aws/aws-sdk-net/issues/834",
		"srp.TestRandomExponent srp.TestFreshSecrets",
		"srp.TestUsedOnce srp.TestVerifierMasked"},
	{"K is 16 bytes of HKDF with the salt u and the key S", "RFC 5869; amplify-js getHkdfKey.ts",
		"srp.TestPublishedSteps srp.TestGenerated",
		"srp.TestVariants/HKDF"},
	{"the pool's name follows the first underscore of its ID",
		"amazon-cognito-identity-js CognitoUserPool.js; API Reference: UserPoolIdType",
		"srp.TestPoolName srp.TestGenerated",
		"srp.TestVariants/user_pool_ID cognitotest.TestSignInRefusesProof/whole_pool_ID"},
	{"the pool proves nothing to the client, so TLS must authenticate it",
		"API Reference: RespondToAuthChallenge; RFC 2945 3 has the host's proof",
		"awshttp.TestNewHTTPClient awshttp.TestRedirectIsNotFollowed",
		"awshttp.TestOldTLSIsRefused awshttp.TestUnknownCertificateIsRefusedOnce " +
			"awshttp.TestPlainHTTPIsRefused"},

	// SRP messages.
	{"TIMESTAMP is in UTC and English, its day has no leading zero, and it equals the signed text",
		"amazon-cognito-identity-js DateHelper.js",
		"srp.TestTimestamp cognito.TestPasswordVerifierAnswer",
		"cognitotest.TestTimestamp cognitotest.TestSignInRefusesProof/timestamp"},
	{"the hours of TIMESTAMP are 00 to 23", "github.com/alexrudd/cognito-srp has 03",
		"srp.TestTimestamp",
		"srp.TestVariants/12-hour cognitotest.TestTimestamp"},
	{"the user is not prompted between the challenge and the proof",
		"API Reference: RespondToAuthChallenge, PASSWORD_VERIFIER",
		"cognito.TestSignIn cognito.TestFlows/USER_SRP_AUTH cognitotest.TestSignIn",
		"cognito.TestSignInMissingInput/no_password cognito.TestPasswordMissing " +
			"cognitotest.TestSecretBlockExpires"},
	{"SECRET_BLOCK is decoded for the signature, and returned unchanged",
		"amplify-js getSignatureString.ts",
		"cognito.TestPasswordVerifierAnswer",
		"srp.TestVariants/secret_block cognitotest.TestSignInRefusesProof/block"},
	{"the proof uses USER_ID_FOR_SRP, and responses contain USERNAME",
		"aws-sdk-android CognitoUser.java",
		"cognito.TestPasswordVerifierAnswer cognito.TestFlows",
		"srp.TestVariants/alias cognitotest.TestSignInRefusesProof/typed_name " +
			"cognitotest.TestSignInRefusesProof/another_user"},
	{"Session is sent if the last response had one, and is the newest",
		"API Reference: RespondToAuthChallenge, Session",
		"cognito.TestPasswordVerifierAnswer cognito.TestFlows",
		"cognitotest.TestSignInRefusesProof/Session cognitotest.TestCustomAuth"},
	{"CUSTOM_AUTH with a password sends CHALLENGE_NAME=SRP_A",
		"aws-sdk-android CognitoUser.java; API Reference: InitiateAuth",
		"cognito.TestCustomAuthProvesPassword cognito.TestFlows/CUSTOM_AUTH",
		"cognitotest.TestCustomAuth/with_SRP"},
	{"a user who must change the password proves the old one first",
		"Developer Guide: Managing user accounts, FORCE_CHANGE_PASSWORD",
		"cognito.TestChallenge cognito.TestFlows/NEW_PASSWORD_REQUIRED",
		"cognitotest.TestNewPasswordRequired"},

	// Challenges and devices.
	{"responses use the names of the API, which differ from those of some guides",
		"API Reference: RespondToAuthChallenge, ChallengeResponses",
		"cognito.TestFlows cognito.TestResumeChallenge",
		"cognitotest.TestSentCodes cognitotest.TestSelectMFAType cognitotest.TestUserAuth"},
	{"MFA_SETUP: each step sends the Session of the step before",
		"API Reference: AssociateSoftwareToken, VerifySoftwareToken",
		"cognito.TestFlows/MFA_SETUP",
		"cognitotest.TestMFASetup"},
	{"the response to NEW_PASSWORD_REQUIRED omits attributes that the user has",
		"API Reference: RespondToAuthChallenge, NEW_PASSWORD_REQUIRED",
		"cognito.TestFlows/NEW_PASSWORD_REQUIRED cognito.TestAnswerKeysForAttributes " +
			"cognito.TestNewPasswordKeepsAttributes",
		"cognitotest.TestNewPasswordRequired/attribute cognitotest.TestRequiredAttributes"},
	{"SECRET_HASH uses the USERNAME of the same request",
		"AWS: Computing secret hash values; github.com/pycognito/pycognito/issues/18",
		"cognito.TestPasswordVerifierAnswer cognito.TestRefreshFallsBack cognito.TestFlows",
		"cognitotest.TestSignInRefusesProof/hash cognitotest.TestRefreshRefuses/hash " +
			"cognitotest.TestSecretHashMessages"},
	{"GetTokensFromRefreshToken and RevokeToken send the client secret itself",
		"API Reference: GetTokensFromRefreshToken, RevokeToken",
		"cognito.TestResume/secret cognitoidp.TestWire",
		"cognitotest.TestRefreshRefuses/direct cognitotest.TestRevoke"},
	{"a device's hash uses its group key and its own key",
		"amazon-cognito-identity-js AuthenticationHelper.js generateHashDevice",
		"cognito.TestRememberedDevice srp.TestGeneratedDevice srp.TestPublishedDeviceVerifier",
		"cognitotest.TestDeviceProofs cognitotest.TestDeviceTranscripts"},
	{"a device's salt and verifier are signed: a set first bit needs a zero byte before it",
		"amplify-js getBytesFromHex.ts; aws-sdk-net-extensions-cognito PR 46",
		"srp.TestGeneratedDevice srp.TestPublishedDeviceVerifier",
		"srp.TestNewServerRefuses cognitotest.TestConfirmDeviceRefuses/negative " +
			"cognitotest.TestConfirmDeviceRefuses/salt"},
	{"a device is stored under the pool's name of the user, and sent in every step",
		"aws-sdk-android CognitoUser.java; API Reference: InitiateAuth, DEVICE_KEY",
		"cognito.TestRememberedDevice",
		"cognito.TestDeviceOfAnotherUser cognitotest.TestDeviceProofs/of_another_user"},
	{"a device that the pool forgot is omitted, and the sign-in is retried once",
		"amplify-js retryOnResourceNotFoundException.ts",
		"cognito.TestRememberedDevice cognito.TestDamagedDevice " +
			"cognitotest.TestUnknownDeviceKeepsSession",
		"cognito.TestForgottenDeviceRetriesOnce cognitotest.TestRememberedDevice"},
	{"a refresh sends the confirmed device; without one, the error explains it",
		"repost.aws/knowledge-center/cognito-invalid-refresh-token-error",
		"cognito.TestRememberedDevice cognito.TestExplain",
		"cognito.TestDeviceNotConfirmed cognitotest.TestRefreshNeedsDevice"},

	// Tokens.
	{"rotation: the new token is stored before use, and the old one is not sent again",
		"API Reference: RefreshTokenRotationType; Developer Guide: Refresh tokens",
		"cognito.TestRotatedTokenIsKept cognito.TestRotatedTokenInInvalidResponse " +
			"cognito.TestProcessesShareRotatingToken",
		"cognitotest.TestRotation cognito.TestRotatedTokenNotStored"},
	{"a reused token ends the session; other errors do not",
		"API Reference: GetTokensFromRefreshToken; amplify-js isAuthenticationError",
		"cognito.TestRefreshErrorKeepsTokens cognito.TestOldValueWhileValid",
		"cognito.TestReusedTokenIsNotResent cognito.TestResume"},
	{"after a response without a refresh token, the old one stays in use",
		"amplify-js refreshAuthTokens.ts",
		"cognito.TestRefreshFallsBack cognitotest.TestRefresh/REFRESH_TOKEN_AUTH",
		"cognito.TestResumeWithWrongClock cognitotest.TestRefreshRefuses/no_token"},
	{"a pool has two forms of issuer; others are refused", "API Reference: IssuerConfigurationType",
		"jwt.TestVerify/updated_issuer jwt.TestVerify/good cognito.TestLoginsKey",
		"jwt.TestVerify/other_pool jwt.TestVerify/other_host jwt.TestVerify/no_issuer"},
	{"an ID token has aud, an access token client_id; kid, token_use and dates are checked",
		"AWS: Verifying JSON web tokens; RFC 7519 4.1; RFC 7515 A.2",
		"jwt.TestVerify/good jwt.TestVerify/a_minute_late jwt.TestKeysAreKeptAndFetchedOnceMore " +
			"jwt.TestRFC7515Signature",
		"jwt.TestVerify jwt.TestTokenHasOneSpelling cognitotest.TestTamperedTokens"},
	{"expiry is compared with the service's clock, also after a session is resumed",
		"amplify-js cacheTokens.ts, isTokenExpired.ts",
		"cognito.TestResumeWithWrongClock cognito.TestTimestampFollowsServerClock " +
			"cognito.TestHTTPClientFollowsServerClock",
		"cognito.TestGuestClock cognito.TestResumeWithWrongClock"},

	// Identity pools and AWS STS.
	{"Expiration is a number of seconds and may have a fraction or an exponent",
		"API Reference: GetCredentialsForIdentity; amplify-js getCredentialsForIdentity",
		"cognitoid.TestExpiration cognitotest.TestJavaSeconds",
		"cognitoid.TestExpiration cognitoid.TestInvalidResponse"},
	{"identity pools name it SecretKey, and AWS STS SecretAccessKey",
		"API Reference: Credentials, of both services",
		"cognitoid.TestExpiration sts.TestResponse",
		"cognitoid.TestInvalidResponse sts.TestInvalidResponse " +
			"cognitotest.TestGetCredentialsForIdentity"},
	{"operations of authtype none are not signed; GetCallerIdentity is",
		"botocore cognito-idp, cognito-identity and sts service-2.json, authtype",
		"cognitoidp.TestWire cognitoid.TestWire sts.TestWire",
		"sts.TestGetCallerIdentity sts.TestCredentialsFail cognitotest.TestGetCallerIdentity"},
	{"the Logins key is the token's issuer, in every partition",
		"botocore partitions.json; amplify-js credentialsProvider, formLoginsMap",
		"cognito.TestLoginsKey",
		"cognitotest.TestGetCredentialsForIdentity/wrong_key cognitotest.TestGetIDRefuses"},
	{"the classic flow's token, duration and session name have limits",
		"API Reference: GetOpenIdToken, AssumeRoleWithWebIdentity",
		"cognito.TestCredentials/classic cognito.TestRoleSessionName sts.TestWire",
		"sts.TestBadInput cognito.TestClassicFlowNotEnabled cognitotest.TestAssumeRoleParameters " +
			"cognitotest.TestTokenAndCredentialsExpire"},
	{"guests have their own role, and a policy that may exclude S3",
		"AWS: Services that unauthenticated identities can access",
		"cognito.TestGuest s3list.TestError",
		"cognito.TestGuestCustomRole cognitotest.TestGetCredentialsForIdentity/guest " +
			"cognitotest.TestAssumeRoleTrust"},
	{"credentials expire at Expiration, and belong to one identity",
		"amplify-js credentialsProvider caches 50 minutes",
		"cognito.TestCredentialsRenewal cognito.TestCredentials",
		"cognito.TestOldValueWhileValid cognito.TestSavedIdentityOfOtherPool " +
			"cognito.TestDeletedIdentity"},
	{"an error's code is in a header or in __type, and throttling has status 400",
		"amplify-js parseJsonError; AWS JSON 1.1 protocol",
		"awshttp.TestJSONFailure awshttp.TestRetries/throttled",
		"awshttp.TestRetries/wrong_password cognitoid.TestErrors"},

	// Handing over.
	{"a credential_process prints only JSON of version 1, and does not prompt",
		"AWS SDKs and Tools Reference Guide: Process credential provider",
		"cmd/cognito.TestProcessFormat",
		"cmd/cognito.TestProcessFormatAsksNothing cmd/cognito.TestUnusableCredentials"},
	{"files are replaced as a whole, under a lock, and only the user can read them",
		"github.com/aws/rolesanywhere-credential-helper README, update",
		"cmd/cognito.TestManyProcesses cmd/cognito.TestKilled",
		"cmd/cognito.TestDamagedFile cmd/cognito.TestOpenDirectory"},
	{"credentials with less than 15 minutes are renewed if possible, and expired ones never used",
		"botocore credentials.py _advisory_refresh_timeout",
		"cognito.TestCredentialsRenewal cmd/cognito/internal/state.TestFresh",
		"cognito.TestOldValueWhileValid cognito.TestHungRenewal " +
			"cmd/cognito.TestStaleCredentials"},
	{"the container endpoint is on loopback and checks the token and Host of requests",
		"AWS SDKs and Tools Reference Guide: Container credential provider",
		"cmd/cognito/internal/credserver.TestServerAttacked/as_it_should cmd/cognito.TestServe",
		"cmd/cognito/internal/credserver.TestServerAttacked/DNS " +
			"cmd/cognito/internal/credserver.TestServerAttacked/half " +
			"cmd/cognito/internal/credserver.TestServerAttacked/a_wrong " +
			"cmd/cognito/internal/credserver.TestLoopback cmd/cognito.TestServeRefusesAddress " +
			"cmd/cognito/internal/credserver.TestServerWithoutCredentials"},
	{"keys under a profile's name win over its credential_process: a notice says so",
		"github.com/Versent/saml2aws/issues/895",
		"cmd/cognito.TestProfile",
		"cmd/cognito.TestServeWarnsOfDefault"},

	// Signature Version 4 and Amazon S3.
	{"Amazon S3 signs the path unchanged; others normalise it and encode it twice",
		"botocore auth.py S3SigV4Auth._normalize_url_path",
		"sigv4.TestBotocore sigv4.TestWirePath sigv4.TestS3Documentation",
		"cognitotest/internal/sigv4check.TestVerifyRefuses s3list.TestStandInOddKeys"},
	{"a space in a query is %20, and parameters are sorted by name, then value",
		"AWS: Create a signed AWS API request, canonical query string",
		"sigv4.TestBotocore sigv4.TestWirePath s3list.TestSpacesInQuery",
		"cognitotest/internal/sigv4check.TestQueryForms sigv4.TestOracle"},
	{"only A-Z a-z 0-9 - _ . ~ are not encoded, and the signed form is sent",
		"RFC 3986 2.3; AWS: UriEncode",
		"sigv4.TestBotocoreWire sigv4.TestWirePath sigv4.TestReplayHTTP1",
		"sigv4.TestOracle s3list.TestStandInOddKeys"},
	{"the session token is signed, and part of the query of a presigned URL",
		"AWS: Create a signed AWS API request, temporary credentials",
		"sigv4.TestHeaders sigv4.TestPresignURL sigv4.TestBotocore",
		"sigv4.TestPresignStandIn cognitotest/internal/sigv4check.TestVerifySigner " +
			"cognitotest/internal/sigv4check.TestPresigned"},
	{"Amazon S3 gets X-Amz-Content-Sha256, and each attempt is signed again",
		"S3 API Reference: Authenticating Requests; github.com/aws/aws-sdk-go/issues/486",
		"sigv4.TestBotocore sigv4.TestTransportTime s3list.TestListRetry",
		"sigv4.TestSignAgain cognitotest/internal/sigv4check.TestVerifyRefuses " +
			"cognitotest/internal/sigv4check.TestPayload"},
	{"keys are requested URL encoded, and decoded only if the response has EncodingType",
		"S3 API Reference: ListObjectsV2, encoding-type; XML 1.0 2.2",
		"s3list.TestWireVectors s3list.TestStandInOddKeys s3list.TestParsePage",
		"s3list.TestParsePageRefuses cognitotest.TestControlCharacter " +
			"cognitotest.TestListObjectsDocument"},
	{"tokens are opaque; the markers of versions are keys and are decoded",
		"botocore handlers.py decode_list_object_v2, decode_list_object_versions",
		"s3list.TestTokensAreOpaque s3list.TestWireVersions s3list.TestVersionsCursor",
		"s3list.TestVersionsPages s3list.TestListPages"},
	{"a cut page, or a truncated one without a token, is an error; an empty one ends nothing",
		"S3 API Reference: ListObjectsV2, ListObjectVersions",
		"s3list.TestListPages s3list.TestVersions s3list.TestParsePage s3list.TestListEmpty",
		"s3list.TestParsePageRefuses s3list.TestParsePageCut s3list.TestListEndless " +
			"s3list.TestVersionsPages"},
	{"the Region of a bucket comes from header, element or HEAD, once; the request is signed again",
		"botocore utils.py S3RegionRedirectorv2",
		"s3list.TestRegionFound s3list.TestRegionMemory s3list.TestRegionCustomEndpoint",
		"s3list.TestRegionNotFollowed s3list.TestRegionNotMeant s3list.TestRegionOnce " +
			"s3list.TestRegionOfCustomEndpointIsChecked s3list.TestRedirectNotFollowed " +
			"cognitotest.TestBucketAddressing"},
	{"the local clock drops no object", "github.com/peak/s5cmd PR 567",
		"s3list.TestListSkew",
		"s3list.TestObjectsOfTheFuture"},
	{"a cancelled listing is an error, and leaves no goroutine",
		"github.com/minio/minio-go/issues/1850",
		"s3list.TestBreakCancels s3list.TestListLeavesNothing s3list.TestParallelStops",
		"s3list.TestListCancelled s3list.TestListEndless"},
	{"the clock offset comes from Date, except of cached responses, in both directions",
		"github.com/aws/aws-sdk-go-v2 #3187 and #3409",
		"awshttp.TestOffset/enough awshttp.TestOffset/behind awshttp.TestSkewedSignature " +
			"s3list.TestListSkew",
		"awshttp.TestOffset/from_a_cache awshttp.TestOffset/clear_text " +
			"awshttp.TestOffset/too_much awshttp.TestSignedAgainOnce"},

	// Sign-in with a browser.
	{"only registered callback URLs are used, each with its own port and spelling",
		"logseq #12771, measured on Cognito; claude-code #55067",
		"cognito.TestListenerNeighbor cognito.TestListener",
		"cognitotest.TestAuthorize cognito.TestDeliverRefuses/another_path"},
	{"for localhost, the listener has both address families, or takes the next URL",
		"opencode #31824 and #30013; coralogix/cx-cli #151; RFC 8252 8.1",
		"cognito.TestListener cognito.TestListenerNeighbor",
		"cognito.TestListenerNeighbor/no_port"},
	{"browsers do not open every port", "WHATWG: Fetch, port blocking",
		"cognito.TestValidateAccepts",
		"cognito.TestValidateRefuses/http://localhost:6000/ " +
			"cognito.TestStartBrowserRefuses/blocked_port"},
	{"requests without the state of the sign-in do not end it",
		"cli/oauth; oauth2cli; amplify-android HostedUIClient.kt; RFC 6749 10.12",
		"cognito.TestListenerIgnores cognito.TestDeliverRefuses",
		"cognito.TestListenerIgnores/wrong_state cognito.TestDeliverRefuses/part_of_the_state"},
	{"an error without the state is shown, and does not end the sign-in",
		"GHSA-c73c-x77g-854r; amplify-flutter requires the state, which Cognito may leave out",
		"cognito.TestBrowserErrors cognito.TestListenerIgnores/error,_no_state",
		"cognito.TestListenerManyErrors"},
	{"a state has letters and digits only",
		"amplify-js #5218, #4550 and #3783; cloudfront-authorization-at-edge #47",
		"cognito.TestBrowserURL",
		"managedlogin.TestAuthorizeURLRefuses/state_in_base64"},
	{"a nonce is sent, and the ID token has it", "next-auth #3544; oauth4webapi #188; OIDC 3.1.3.7",
		"cognito.TestBrowserSignIn/provider",
		"cognito.TestBrowserTokensRefused/nonce_of cognito.TestBrowserTokensRefused/no_nonce"},
	{"PKCE is used although the discovery document does not list it",
		"claude-code #13275; python-sdk #976; RFC 7636",
		"cognito.TestBrowserURL",
		"managedlogin.TestExchangeRefused/another_verifier"},
	{"tokens of managed login are verified before use, whatever the domain is", "OIDC 3.1.3.7",
		"cognito.TestBrowserSignIn cognito.TestBrowserClockAhead",
		"cognito.TestBrowserForeignDomain cognito.TestBrowserTokensRefused"},
	{"the page says what happened, and nothing of the request", "aws-cli sso/utils.py",
		"cognito.TestListener",
		"cognito.TestListenerFailedPage cognito.TestListenerIgnores/error,_no_state"},
	{"Close does not cut off the page, and does not wait for idle connections",
		"vercel-labs/fx #347",
		"cognito.TestListener cmd/cognito.TestLoginBrowserIdleConnections",
		"cognito.TestBrowserHungTokenEndpoint cognito.TestListenerSlowClients"},
	{"a page with another host name cannot reach the listener", "DNS rebinding",
		"cognito.TestListener",
		"cognito.TestListenerIgnores/rebound_Host"},
	{"the address can be pasted if the browser is on another machine", "logseq db-test #1017",
		"cognito.TestListenerAndPaste cognito.TestBrowserSignIn " +
			"cmd/cognito.TestLoginBrowserPasted cmd/cognito.TestLoginBrowserPiped " +
			"interop.TestChromium/tool",
		"cognito.TestDeliverRefuses"},
	{"the browser receives the whole address as one argument, without a shell",
		"openwiki #450; multica #1202; GCM #1490: cmd /c start and &, explorer.exe and =",
		"cmd/cognito.TestLoginBrowserProgram cmd/cognito/internal/browser.TestCommands/windows",
		"cmd/cognito/internal/browser.TestOpenRefuses"},
	{"the browser receives no terminal or variables of AWS, and outlives the program",
		"aws-cli original_ld_library_path; xdg-open may start w3m",
		"cmd/cognito.TestLoginBrowserProgram",
		"cmd/cognito/internal/shell.TestPublic cmd/cognito.TestLoginBrowserPasted"},
	{"a login page has no form-action in its policy, which blocks the way to loopback",
		"kanidm #3354; fastmcp #2302; 1mcp #403",
		"interop.TestChromium/sign_in cognitotest.TestLoginPageHeaders",
		"interop.TestChromium/form-action"},
	{"pages that fetch the callback cannot read it; only navigations to loopback work",
		"WICG/local-network-access #12",
		"interop.TestChromium/sign_in",
		"interop.TestChromium/hostile_page"},
	{"a client secret is sent in the header only, with client_id in the body",
		"arctic #175; amplify-flutter sends it in the body; RFC 6749 2.3",
		"managedlogin.TestRequests cognitotest.TestClientAuthentication",
		"cognitotest.TestClientAuthentication/both"},
	{"GetUser and similar operations need the scope aws.cognito.signin.user.admin",
		"amplify-android #1592; amplify-js #5921",
		"cognitotest.TestAdminScope",
		"cognito.TestExplain/Access_Token_does_not_have"},
	{"a scope of attributes that the app client cannot read looks like a wrong code",
		"developer guide: Token endpoint, invalid_grant",
		"cognito.TestExplain/invalid_grant",
		"cognitotest.TestReadAttributes"},
	{"sign-out ends the tokens; only the logout URL ends the browser's session",
		"amplify-js #3933, #12991 and #3501",
		"interop.TestChromium/cookie cmd/cognito.TestLoginBrowser cognito.TestLogoutURL",
		"cognitotest.TestRevokeKeepsSession cognitotest.TestLogout"},
	{"browser sessions are refreshed at the token endpoint, and the rotated token is kept",
		"developer guide: Refresh tokens; bedrock-guidance #540 and #749",
		"cognito.TestBrowserRefresh cognito.TestBrowserRefreshIsShared",
		"cognito.TestBrowserRotatedTokenIsKept cognito.TestBrowserRefreshIsTriedAgain " +
			"cognito.TestSRPSessionIsNotRefreshedAtDomain"},
	{"the token endpoint is not followed elsewhere, and gets a code once",
		"RFC 9700 4.12; RFC 6749 4.1.2",
		"cognito.TestListenerIgnores/unexpected",
		"cognito.TestBrowserHostileTokenEndpoint"},
	{"the first sign-in of a linked user fails once", "amplify-js #9976",
		"cognito.TestExplain",
		"cognito.TestExplain/Already_found"},
	{"a program that opens the browser gets the whole URL, no terminal and no variables of ours",
		"openwiki #450 (cmd /c start cuts at &); GCM #1490; aws-cli original_ld_library_path",
		"cmd/cognito/internal/browser.TestCommands cmd/cognito.TestLoginBrowser",
		"cmd/cognito/internal/browser.TestOpenRefuses cmd/cognito/internal/shell.TestPublic"},
	{"the login page has no form-action, which Chrome applies to the redirect after it",
		"kanidm #3354; fastmcp #2302",
		"cognitotest.TestLoginPage",
		"cognitotest.TestLoginPageHeaders"},
	{"an app client with a secret sends Basic and client_id, and the secret only once",
		"arctic #175; amplify-flutter sends the secret in the body",
		"managedlogin.TestRequests managedlogin.TestSignIn/secret",
		"cognitotest.TestClientAuthentication managedlogin.TestExchangeRefused/wrong_secret"},
	{"user operations need the scope aws.cognito.signin.user.admin, and the error says so",
		"amplify-android #1592; amplify-js #5921",
		"cognito.TestExplain",
		"cognitotest.TestAdminScope"},
	{"a scope of attributes that the app client cannot read is invalid_grant",
		"AWS: Token endpoint",
		"cognito.TestExplain",
		"cognitotest.TestReadAttributes"},
	{"sign-out of tokens leaves the browser's session, which ends at /logout",
		"amplify-js #3933, #12991 and #3501",
		"cmd/cognito.TestLoginBrowser cognito.TestLogoutURL",
		"cognitotest.TestRevokeKeepsSession cognitotest.TestLogout"},
	{"a token file is read for each renewal, and a bad one does not end valid credentials",
		"AWS SDKs and Tools Reference Guide: AWS_WEB_IDENTITY_TOKEN_FILE",
		"cmd/cognito.TestTokenFileIsReadAgain",
		"cmd/cognito.TestFederationRefuses/empty"},
	{"the key of a login is the token's issuer without https://, and SAML needs the enhanced flow",
		"AWS: OpenID Connect providers; API Reference: GetOpenIdToken",
		"cognito.TestFederateStandIn cognitotest.TestProviderLogin",
		"cognitotest.TestProviderLoginRefuses/another_provider cognito.TestFederateRefuses/SAML"},
	{"the token of a workflow needs id-token: write and the audience of the identity pool",
		"GitHub: OpenID Connect reference; configure-aws-credentials #306",
		"cmd/cognito.TestFederation/GitHub_Actions",
		"cmd/cognito.TestGitHubActionsRefuses/no_URL " +
			"cmd/cognito.TestFederationRefuses/another_audience"},
	{"developer identities are in the token, and have no GetId",
		"API Reference: GetOpenIdTokenForDeveloperIdentity",
		"cognito.TestFederate/developer",
		"cognito.TestFederateRefuses/developer_token"},
}

// sources holds, for each folder with tests, the names of its test functions and the string
// literals in each, in the form of names of subtests. Literals outside test functions are under "".
type sources map[string]map[string][]string

// check returns an error if a test, named as in trap, does not exist.
func (s sources) check(name string) error {
	folder, test, _ := strings.Cut(name, ".")
	test, sub, _ := strings.Cut(test, "/")
	texts, ok := s[folder][test]
	begins := func(text string) bool { return strings.HasPrefix(text, sub) }
	if !ok || test == "" {
		return fmt.Errorf("test %s is not in %q", test, folder)
	} else if !slices.ContainsFunc(slices.Concat(texts, s[folder][""]), begins) {
		return fmt.Errorf("no subtest of %s begins with %q", test, sub)
	}
	return nil
}

// testSources returns the tests of the module and of its nested modules.
func testSources(t *testing.T) sources {
	t.Helper()
	found := sources{}
	spaces := regexp.MustCompile(`\s`)
	files := token.NewFileSet()
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == ".git" || entry.Name() == "node_modules"):
			return fs.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			return err
		}
		folder := strings.TrimPrefix(filepath.ToSlash(filepath.Dir(path)), "internal/")
		if folder == "." {
			folder = "cognito"
		}
		if found[folder] == nil {
			found[folder] = map[string][]string{}
		}
		for _, declaration := range file.Decls {
			name := ""
			if f, ok := declaration.(*ast.FuncDecl); ok && f.Recv == nil &&
				(strings.HasPrefix(f.Name.Name, "Test") || strings.HasPrefix(f.Name.Name, "Fuzz")) {
				name = f.Name.Name
			}
			found[folder][name] = append(found[folder][name], "")
			ast.Inspect(declaration, func(n ast.Node) bool {
				if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
					if text, err := strconv.Unquote(literal.Value); err == nil {
						found[folder][name] = append(found[folder][name],
							spaces.ReplaceAllString(text, "_"))
					}
				}
				return true
			})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestTraps checks that each trap names tests of both kinds, and that they exist.
func TestTraps(t *testing.T) {
	found := testSources(t)
	rules := map[string]bool{}
	for _, trap := range traps {
		if rules[trap.rule] || trap.rule == "" || trap.source == "" {
			t.Errorf("%q, source %q: duplicate, or without a source", trap.rule, trap.source)
		}
		rules[trap.rule] = true
		for kind, list := range map[string]string{"holds": trap.holds, "refused": trap.refused} {
			if len(strings.Fields(list)) == 0 {
				t.Errorf("%q: %s: no test", trap.rule, kind)
			}
			for _, name := range strings.Fields(list) {
				if err := found.check(name); err != nil {
					t.Errorf("%q: %v", trap.rule, err)
				}
			}
		}
	}
	if len(traps) < 50 {
		t.Errorf("only %d traps", len(traps))
	}
}
