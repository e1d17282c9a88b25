// An OpenID provider that nobody here wrote: oidc-provider, certified by the OpenID Foundation. `node provider.mjs PORT`.
import Provider from 'oidc-provider';

const port = Number(process.argv[2]);
const callback = 'https://dash.example.com/oauth2/callback';
const client = (id, method, more = {}) => ({
  client_id: id,
  token_endpoint_auth_method: method,
  redirect_uris: [callback],
  post_logout_redirect_uris: ['https://dash.example.com/oauth2/signed_out'],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  ...(method === 'none' ? {} : { client_secret: 'a-client-secret-of-32-characters' }),
  ...more,
});

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    client('basic', 'client_secret_basic'),
    client('post', 'client_secret_post'),
    client('public', 'none'),
  ],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'preferred_username'] },
  conformIdTokenClaims: false,
  cookies: { keys: ['a-key-of-the-tests'] },
  features: { devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true } },
  findAccount: (_context, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@company.example`, email_verified: true, name: 'Rita', preferred_username: id }),
  }),
  issueRefreshToken: (_context, asking) => asking.grantTypeAllowed('refresh_token'),
  pkce: { required: () => true },
  rotateRefreshToken: true,
  ttl: { AccessToken: 300, IdToken: 300, RefreshToken: 3600, Session: 3600, Grant: 3600, Interaction: 600 },
});

provider.listen(port, '127.0.0.1', () => process.stdout.write('listening\n'));
