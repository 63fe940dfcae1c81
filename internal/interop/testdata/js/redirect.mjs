// redirect.mjs is the script of a page that signs in with aws-amplify's signInWithRedirect. esbuild bundles it.
import { Amplify } from 'aws-amplify';
import { fetchAuthSession, getCurrentUser, signInWithRedirect, signOut } from 'aws-amplify/auth';
import 'aws-amplify/auth/enable-oauth-listener';
import { Hub } from 'aws-amplify/utils';

const { given } = window;
const page = location.origin + '/';
Amplify.configure({
  Auth: {
    Cognito: {
      userPoolId: given.userPoolId,
      userPoolClientId: given.clientId,
      identityPoolId: given.identityPoolId,
      loginWith: {
        oauth: {
          domain: given.domain,
          scopes: ['openid', 'email', 'aws.cognito.signin.user.admin'],
          redirectSignIn: [page],
          redirectSignOut: [page],
          responseType: 'code',
        },
      },
    },
  },
});

const show = (text) => void (document.querySelector('h1').textContent = text);

// report shows the user of the session, and the state that the sign-in carried.
async function report(state = '') {
  try {
    const { username } = await getCurrentUser();
    const { credentials, tokens } = await fetchAuthSession({ forceRefresh: true });
    show(`${username} ${tokens.idToken.payload.email} ${credentials.accessKeyId ? 'credentials' : ''} ${state}`);
  } catch (error) {
    show(error.name);
  }
}

Hub.listen('auth', ({ payload }) => {
  if (payload.event === 'customOAuthState') report(payload.data);
  if (payload.event === 'signInWithRedirect_failure') show(`failed: ${payload.data.error.message}`);
});
document.querySelector('#in').onclick = () => signInWithRedirect({ customState: '{"at": "=+/%"}' });
document.querySelector('#provider').onclick = () =>
  signInWithRedirect({ provider: { custom: given.provider }, customState: 'provider', options: { prompt: 'LOGIN' } });
document.querySelector('#out').onclick = () => signOut();
if (!new URLSearchParams(location.search).has('state')) report();
