package repotest

import (
	"strings"
	"testing"
)

// A fieldCase is one kind of case that users, servers, files and attackers have shown. Tests are
// named as in trap. The sections are those of the report that listed the cases. .ci/platforms runs
// the tests of section 7 on other platforms.
type fieldCase struct {
	section int
	kind    string
	tests   string
}

var fieldCases = []fieldCase{
	// A listing that ends without an error is complete.
	{1, "repeated elements", "s3list.TestRepeatedElements s3list.TestGroupedElements " +
		"s3list.TestElementsInOtherCase s3list.TestLostElements " +
		"s3list.TestOrder xmlscan.TestTexts sts.TestResponseIsStrict"},
	{1, "missing and odd fields", "s3list.TestMissingFields s3list.TestTruncation " +
		"s3list.TestFormsOfOtherServers cmd/cognito.TestWriteMissing"},
	{1, "endpoints without wildcard DNS", "s3list.TestBucketURL s3list.TestBucketURLVectors " +
		"cmd/cognito.TestListHosts"},
	{1, "Regions that are not AWS's", "s3list.TestRegionOfOtherServers " +
		"endpoint.TestRegionOfCustomEndpoint sts.TestRegionOfOtherServer"},

	// Sign for every service, and never use a wrong scope silently.
	{2, "header rules of services", "sigv4.TestContentSHA256 sigv4.TestVPCLattice " +
		"cmd/cognito.TestCurlContentSHA256"},
	{2, "headers that intermediaries change", "sigv4.TestHeaders cognito.TestHTTPClientTimeout"},
	{2, "scopes of hosts", "awshost.TestScope awshost.TestScopeUnknown cmd/cognito.TestCurlScope " +
		"interop.TestHosts interop.TestRegenerateVectors/hosts"},
	{2, "several Regions", "awshost.TestCheck cognito.TestHTTPClientRegion " +
		"cmd/cognito.TestCurlScope cognito.TestHostsInSeveralRegions"},
	{2, "WebSocket URLs, unsigned session tokens", "sigv4.TestPresignWebSocket " +
		"sigv4.TestOmitSessionToken"},
	{2, "tunnels", "cmd/cognito.TestCurlConnectTo"},

	// Tokens, pools, users.
	{3, "operations that a service lacks", "cognito.TestRefreshFallsBack " +
		"cognito.TestRefreshIsSettled cognito.TestRefreshFallbackRefused " +
		"cognito.TestSignOutUnsupported cmd/cognito.TestLogoutUnsupported " +
		"cmd/cognito.TestRevocationUnsupported interop.TestCognitoLocal " +
		"interop.TestMotoWithoutSRP"},
	{3, "typed names and names of the pool", "cognito.TestDeviceUnderBothNames " +
		"cognito.TestDeviceUnderNamesOfPool interop.TestCognitoLocal"},
	{3, "issuers", "jwt.TestIssuers jwt.TestIssuerWithoutKeys cognito.TestLoginsKey " +
		"interop.TestCognitoLocal/proxy"},
	{3, "keys of other tools", "environments.TestForeignEndpoints " +
		"environments.TestForeignEndpointOfAnotherEntry environments.TestForeignKeysNotes " +
		"environments.TestTables"},
	{3, "offers of MFA_SETUP", "cognito.TestAnswerKeysForSetup cmd/cognito.TestMFASetupByEmail"},
	{3, "no ID token", "cognito.TestRefreshWithoutIDToken"},
	{3, "claims of unexpected types", "jwt.TestUnexpectedTypes cognito.TestUnexpectedClaims"},
	{3, "outer white space", "cognito.TestWhiteSpace cognitoidp.TestWhiteSpace " +
		"cmd/cognito.TestLoginWithWhiteSpace"},
	{3, "names of devices", "cognito.TestDeviceName cmd/cognito.TestDeviceName"},
	{3, "explanations", "cognito.TestExplain cognito.TestExplainRefusedFlow " +
		"cognito.TestIdentityOfOtherUser"},

	// Files and text from other tools.
	{4, "byte order marks and UTF-16", "bom.TestDecode bom.TestReaderDoesNotWait " +
		"environments.TestParse cmd/cognito.TestTextFromWindows cmd/cognito.TestTextWithNUL " +
		"cmd/demo.TestConfigured/UTF"},
	{4, "files and outputs of other tools", "environments.TestParse " +
		"environments.TestScriptAround environments.TestImportOutputForms " +
		"environments.TestEmulate"},
	{4, "ambiguous optional settings", "environments.TestImportOptional " +
		"environments.TestImportAmbiguous environments.TestImportAmbiguousPools " +
		"cmd/cognito.TestConfigureNotes"},
	{4, "passwordless sign-in on a pipe", "cmd/cognito.TestLoginWithoutPassword"},

	// Network and environment.
	{5, "unreadable settings", "awshttp.TestUnreadableProxy awshttp.TestUnreadableRoots " +
		"awshttp.TestReadableProxies cmd/cognito.TestUnreadableVariables"},
	{5, "ALL_PROXY", "cmd/cognito.TestDoctorVariables"},
	{5, "other credentials", "cmd/cognito.TestExecIdentity cmd/cognito.TestShellLinesUnset " +
		"cmd/cognito.TestDoctorVariables"},
	{5, "no home directory", "cmd/cognito.TestNoHome cmd/cognito/internal/files.TestHome " +
		"cmd/cognito/internal/awsconfig.TestPathWithoutHome cmd/cognito.TestProfileDirectories " +
		"cmd/cognito.TestProfileWithoutVariables"},
	{5, "endpoints that are handed on", "cmd/cognito.TestExecIdentity " +
		"cmd/cognito.TestPlaceVariables cmd/cognito.TestFormats"},

	// Attacks and sudden ends.
	{6, "exits during a refresh", "cmd/cognito.TestExits"},
	{6, "challenges that a flow cannot lead to", "cognito.TestSequences " +
		"cognito.TestLoopKeepsPassword cognito.TestRespondPassword " +
		"cmd/cognito.TestHostilePoolThroughPipe cmd/cognito.TestHostilePoolAtTerminal"},
	{6, "storing that fails after a refresh", "cmd/cognito/internal/state.TestStoreFails " +
		"cmd/cognito/internal/state.TestReserve cmd/cognito/internal/state.TestFind"},
	{6, "files of another owner", "cmd/cognito/internal/files.TestTrust " +
		"cmd/cognito/internal/files.TestMakeDir cmd/cognito/internal/files.TestLockOfOthers " +
		"cmd/cognito.TestForeignFiles cmd/cognito.TestSudoKeepsOwner"},
	{6, "settings that redirect secrets", "cmd/cognito.TestCustomHosts " +
		"cmd/cognito.TestConfigureAsksForHosts cmd/cognito.TestConfigureAsksForHostsAtTerminal " +
		"cmd/cognito.TestCommandsNameHosts"},
	{6, "replaced secrets", "cmd/cognito.TestLoginRevokesReplaced " +
		"cmd/cognito.TestRevocationIsRetried cmd/cognito.TestCopiesAreRevoked " +
		"cmd/cognito.TestUnstoredSessionEnds cognito.TestSignOutRevokesReplacedToken"},
	{6, "clocks of servers", "jwt.TestTwoClocks cognito.TestStaleDate cognito.TestWrongDates " +
		"cmd/cognito.TestTOTPClock cmd/cognito.TestTOTPClockIsBounded " +
		"cmd/cognito.TestTOTPFileIsBounded awshttp.TestSync"},
	{6, "updates without a lock", "cmd/cognito.TestConfigureConcurrent " +
		"cmd/cognito/internal/files.TestUpdate cmd/cognito/internal/files.TestUpdateConcurrent " +
		"cmd/cognito/internal/files.TestUpdateCleans " +
		"cmd/cognito/internal/files.TestUpdateKeepsOtherFiles " +
		"cmd/cognito/internal/files.TestUpdateKeepsOwner " +
		"cmd/cognito/internal/files.TestUpdateLinks cmd/cognito/internal/files.TestCurrent " +
		"cmd/cognito.TestConcurrentWriters cmd/cognito.TestKilledWriters"},
	{6, "stopped lock holders", "cmd/cognito/internal/files.TestLockWaits " +
		"cmd/cognito/internal/files.TestHolder cmd/cognito.TestStoppedHolder"},
	{6, "names of loopback", "awshttp.TestLoopbackOnly awshttp.TestRemoteLocalhost"},
	{6, "requests that net/http replays", "awshttp.TestNoReplay awshttp.TestGetBody"},
	{6, "duplicate and re-cased members", "strictjson.TestUnmarshal " +
		"strictjson.TestUnmarshalRefuses jwt.TestNamesAreStrict cognito.TestSavedStateIsStrict " +
		"cognito.TestResponsesAreStrict managedlogin.TestTokensAreStrict " +
		"cognitoidp.TestInvalidAuthResponse sts.TestResponseIsStrict"},
	{6, "long, endless and unordered listings", "s3list.TestHostileKeys s3list.TestOrder " +
		"s3list.TestOrderEndless"},
	{6, "idle connections", "cmd/cognito/internal/credserver.TestConnectionsClose " +
		"cmd/cognito/internal/credserver.TestConnectionsLimit " +
		"cmd/cognito.TestServeManyConnections"},
	{6, "a clock that is ahead or behind", "cognito.TestResumeWithClockAhead " +
		"cmd/cognito.TestClockAhead cmd/cognito.TestCredentialsWithWrongClock " +
		"cmd/cognito.TestExpiredByServer cmd/cognito.TestNow " +
		"cmd/cognito/internal/state.TestFresh"},
	{6, "damage inside valid JSON", "cognito.TestResumeDamaged " +
		"cognito.TestRefreshWithDamagedToken cmd/cognito.TestDamagedValues"},
	{6, "printers that use reflection", "redact.TestFields redact.TestTypes"},
	{6, "proofs of a sign-in with a device", "cognito.TestForgottenDeviceRetriesOnce " +
		"cognito.TestDamagedDevice"},
	{6, "configuration as botocore reads it", "cmd/cognito/internal/awsconfig.TestSetProfile " +
		"cmd/cognito/internal/awsconfig.TestBotocoreReadsGenerated " +
		"cmd/cognito/internal/awsconfig.TestBotocoreReadsProfile"},
	{6, "scripts that compute values", "environments.TestScriptRefusesComputed " +
		"environments.TestScriptAround environments.TestSyntaxErrors"},
	{6, "installations for tests", "repotest.TestInstallsArePinned"},
	{6, "fuzz targets that find nothing new", "s3list.FuzzParser"},

	// Other platforms.
	{7, "records that Windows cannot replace", "cmd/cognito/internal/state.TestReserveHeld " +
		"cmd/cognito/internal/state.TestStoreHeld " +
		"cmd/cognito/internal/state.TestStoreHeldBriefly"},
	{7, "fetch under js", "awshttp.TestFetch awshttp.TestFetchDialer"},
	{7, "syntax of the shell in use", "cmd/cognito/internal/shell.TestWordIn " +
		"cmd/cognito/internal/shell.TestCurrent cmd/cognito/internal/emulator.TestAdvice"},
	{7, "error numbers", "cmd/cognito.TestErrorsOfSystem"},
	{7, "access control lists and descriptors of Windows", "cmd/cognito.TestClaimsOnWindows"},
	{7, "batch files", "cmd/cognito.TestBatchArguments"},
	{7, "FIPS-only mode", "cognito.TestFIPSOnly"},
	{7, "builds for other systems", "repotest.TestTargets cmd/cognito.TestErrorsOfSystem"},
	{7, "tests that write outside their folder", "cmd/cognito.TestProfile"},
	{7, "tests that assume Unix", "terminal.TestReadSecretFromPipe sigv4.TestBody"},
}

// TestFieldCases checks that each case names tests, and that they exist.
func TestFieldCases(t *testing.T) {
	found := testSources(t)
	kinds := map[string]bool{}
	for i, c := range fieldCases {
		if kinds[c.kind] || c.kind == "" || i > 0 && c.section < fieldCases[i-1].section {
			t.Errorf("section %d, %q: duplicate, without a name, or out of order", c.section,
				c.kind)
		}
		kinds[c.kind] = true
		tests := strings.Fields(c.tests)
		if len(tests) == 0 {
			t.Errorf("section %d, %q: no test", c.section, c.kind)
		}
		for _, name := range tests {
			if err := found.check(name); err != nil {
				t.Errorf("section %d, %q: %v", c.section, c.kind, err)
			}
		}
	}
}
