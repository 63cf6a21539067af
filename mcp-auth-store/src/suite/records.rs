//! Sample clients, codes and grants, for the promises and for the tests of a backend.

use mcp_auth_core::{ScopeSet, SecretText};

use crate::{
    Authentication, Client, ClientCredential, Code, ConnectedAccount, Connection, Grant, Redemption,
    SecretHash, Store, UpstreamGrant,
};

/// A client with a secret.
pub fn client(id: &str) -> Client {
    Client {
        id: id.into(),
        name: Some("A client".into()),
        redirect_uris: vec!["http://127.0.0.1/callback".into(), "cursor://callback".into()],
        grant_types: Client::for_people(true),
        scopes: ScopeSet::default(),
        credential: ClientCredential::Secret(SecretHash::of("the client's secret")),
        secret_in_form: false,
        registered_at: 1,
        registration_token: None,
        require_par: false,
        dpop_bound: false,
    }
}

/// A code of `client_id` that expires at second 60.
pub fn code(client_id: &str, scopes: &str) -> Code {
    Code {
        client_id: client_id.into(),
        subject: "alice".into(),
        redirect_uri: "http://127.0.0.1:33418/callback".into(),
        code_challenge: "a challenge".into(),
        resource: "http://localhost:8080/mcp".into(),
        scopes: ScopeSet::parse_lossy(scopes),
        refresh: true,
        authentication: Authentication::at(1),
        dpop_jkt: None,
        expires_at: 60,
    }
}

/// A grant whose refresh token has the secret `current`, and that expires at second 1000.
pub fn grant(id: &str, current: &str) -> Grant {
    Grant {
        id: id.into(),
        client_id: "client".into(),
        subject: "alice".into(),
        resource: "http://localhost:8080/mcp".into(),
        scopes: ScopeSet::parse_lossy("read write"),
        authentication: Authentication::at(1),
        dpop_jkt: None,
        redirect_uri: "http://127.0.0.1:33418/callback".into(),
        client_key: None,
        granted_at: 1,
        last_used: 1,
        current: SecretHash::of(current),
        expires_at: 1000,
    }
}

/// Keeps a grant of the client `app` that does not end, whose refresh token has the secret `current`.
pub async fn granted(store: &Store, id: &str, current: &str) {
    let hash = SecretHash::of(&format!("code of {id}"));
    store.codes().issue(hash, code("app", "read write"), 0).await.unwrap();
    let redeemed = store.codes().redeem(hash, id, Some(lasting_grant(id, current)), 0).await.unwrap();
    assert_eq!(redeemed, Redemption::First);
}

/// A grant of the client `app` that does not end.
pub fn lasting_grant(id: &str, current: &str) -> Grant {
    Grant { client_id: "app".into(), expires_at: u64::MAX, ..grant(id, current) }
}

/// The person `alice` and a provider.
pub const CONNECTION: Connection<'static> = Connection { subject: "alice", upstream: "google" };

/// What must not be read of [`upstream_grant`].
pub const SECRETS_OF_UPSTREAM_GRANT: [&str; 6] = [
    "ya29.an-access-token",
    "1//a-refresh-token",
    "a-nonce-of-a-login",
    "a-group-of-alice",
    "a-domain-of-alice",
    "an-account-of-alice",
];

/// What a provider gave for a person.
pub fn upstream_grant() -> UpstreamGrant {
    let [access_token, refresh_token, nonce, group, domain, account] = SECRETS_OF_UPSTREAM_GRANT;
    let secret = |text: &str| Some(SecretText::new(text));
    UpstreamGrant {
        provider: "https://accounts.google.com".to_owned(),
        account: Some(ConnectedAccount {
            subject: account.to_owned(),
            name: Some(account.to_owned()),
            known_as: Some(account.to_owned()),
            login: account.to_owned(),
        }),
        access_token: secret(access_token),
        access_expires_at: Some(50),
        refresh_token: secret(refresh_token),
        nonce: secret(nonce),
        scopes: ScopeSet::parse_lossy("openid email"),
        claims: [("groups".to_owned(), vec![group].into())].into_iter().collect(),
        let_in_by: [domain.to_owned()].into(),
        seen_at: 1,
        is_over: false,
    }
}
