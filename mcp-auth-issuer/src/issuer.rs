//! The issuer as its endpoints use it: its identity, its state, and the one function that makes access tokens.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use http::HeaderMap;
use mcp_auth_core::ambient::Ambient;
use mcp_auth_core::{Resource, ScopeSet};
use mcp_auth_runtime::facade::{Brand, DeniedIssued, TokenProofs};
use serde_json::{Map, Value, json};

use mcp_auth_store::{
    Authentication, Browser, Client, ClientCredential, Connection, GrantType, KnownRevocations, Rate,
    Revocable, SecretHash, Store, StoreError, UpstreamGrant,
};

use crate::assertion::Trusted;
use crate::client::document::{DocumentError, Documents, host_of, is_url};
use crate::client::scopes::Declared;
use crate::endpoint::{Binding, ClientSecrets, RegistrationOptions};
use crate::key::{AccessTokenClaims, BoundKey, KeyRing, MintError};
use crate::person::accounts::AccountsLogin;
use crate::person::upstream::UpstreamLogin;
use crate::person::{ConsentCookie, Csrf, SessionCookie, TakenNames};
use crate::person::{Login, LoginError, Renewal, Renewed};
use crate::rate_limit::AddressRate;
use crate::request::origin::IssuerOrigin;
use crate::secret::identifier;

/// Codes wait at most so long for being redeemed, in seconds: what is allowed at the end of a browser session becomes a grant later.
const LONGEST_CODE: u64 = 60 * 60;

/// The state that all endpoints share.
pub(crate) struct Issuer {
    pub(crate) origin: IssuerOrigin,
    /// The only resource that tokens are for, byte for byte.
    pub(crate) resource: Resource,
    /// The server name that the pages show.
    pub(crate) server_name: String,
    /// How the pages look.
    pub(crate) brand: Brand,
    pub(crate) scopes: Declared,
    pub(crate) lifetimes: Lifetimes,
    pub(crate) ambient: Ambient,
    /// What the operator denies.
    pub(crate) denied: DeniedIssued,
    pub(crate) keys: KeyRing,
    pub(crate) store: Store,
    pub(crate) login: Arc<dyn Login>,
    /// The providers at which people connect accounts that tools act for, by name.
    pub(crate) connections: BTreeMap<String, UpstreamLogin>,
    /// The accounts, where people log in with them.
    pub(crate) accounts: Option<Arc<AccountsLogin>>,
    /// What tokens say besides, by subject.
    pub(crate) claims: BTreeMap<String, Map<String, Value>>,
    /// The clients from the configuration, by `client_id`.
    pub(crate) named: HashMap<String, Client>,
    /// The clients whose access tokens a client may exchange besides its own, by its `client_id`.
    pub(crate) exchange_from: HashMap<String, BTreeSet<String>>,
    /// The names that no login gives anybody.
    pub(crate) taken_names: TakenNames,
    /// The issuers whose assertions stand for a grant.
    pub(crate) assertions: Trusted,
    /// What reads proofs of keys at the token endpoint.
    pub(crate) proofs: TokenProofs,
    /// The same where requests are pushed.
    pub(crate) push_proofs: TokenProofs,
    /// The clients that describe themselves at a URL.
    pub(crate) documents: Documents,
    /// Whether clients may use device codes: it is turned on, and one of the configuration may.
    pub(crate) device_codes: bool,
    pub(crate) cookie: SessionCookie,
    /// What people need not be asked again at one browser, where they log in at a provider.
    pub(crate) consents: ConsentCookie,
    pub(crate) csrf: Csrf,
    /// Who may register a client.
    pub(crate) registration: RegistrationOptions,
    /// How often clients may register: all strangers together, and the holders of each initial access token.
    pub(crate) registrations: Rate,
    /// How often access tokens are revoked one by one.
    pub(crate) revocations: SingleRevocations,
    /// How often one person may allow a client something.
    pub(crate) codes: Rate,
    /// How often clients authenticate by assertions.
    pub(crate) client_assertions: ClientAssertions,
    /// How often the secret of a client may be wrong that comes from one address.
    pub(crate) client_secrets: ClientSecrets,
    /// How often authorization requests are pushed.
    pub(crate) pushes: Pushes,
    /// How often people go to another page of their login, and come back from it, from one address: each by itself.
    pub(crate) away: AddressRate,
    /// Whether the authorization requests of all clients have to be pushed.
    pub(crate) require_par: bool,
}

/// How often clients authenticate by assertions, where the operator did not name them.
pub(crate) struct ClientAssertions {
    /// One that somebody allowed something.
    pub(crate) of_a_client: Rate,
    /// Another one.
    pub(crate) of_a_stranger: Rate,
    /// All those together.
    pub(crate) of_strangers: Rate,
}

/// How often access tokens are revoked one by one: a server cannot know more than so many.
#[derive(Clone, Copy)]
pub(crate) struct SingleRevocations {
    /// Those that one person allowed.
    pub(crate) of_a_person: Rate,
    /// Over it, those of a whole grant, so often; over this, all of the person.
    pub(crate) grants_of_a_person: Rate,
    /// Those that one client got without a page, or in exchange; over it, all that it has for the subject of the one.
    pub(crate) of_a_client: Rate,
}

/// How often authorization requests are pushed.
pub(crate) struct Pushes {
    /// Those of one client that the operator registered, or that somebody allowed something.
    pub(crate) of_a_client: Rate,
    /// Those of all other clients together.
    pub(crate) of_strangers: Rate,
    /// Those that come from one address without a proof of who sends them.
    pub(crate) of_an_address: AddressRate,
}

/// Why it is not known which client is meant, or whether there is one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    #[error(transparent)]
    Document(DocumentError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<DocumentError> for ClientError {
    fn from(error: DocumentError) -> Self {
        match error {
            // A store that is down is answered alike, whatever it was asked.
            DocumentError::Store(error) => Self::Store(StoreError::new(error)),
            error => Self::Document(error),
        }
    }
}

/// The lifetimes of what the issuer makes, in seconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lifetimes {
    pub(crate) access_token: u64,
    pub(crate) refresh_token: u64,
    pub(crate) code: u64,
    pub(crate) session: u64,
    /// For how long a grant can be refreshed in all.
    pub(crate) grant: u64,
    /// For how long a refresh token that was replaced gives the same next one again.
    pub(crate) refresh_grace: u64,
}

/// The person or client that an access token is for, and what it allows.
pub(crate) struct Grantee<'a> {
    pub(crate) subject: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) resource: &'a str,
    pub(crate) scopes: &'a ScopeSet,
    /// How the person logged in; `None` where no person did.
    pub(crate) authentication: Option<&'a Authentication>,
    /// The grant that it came of; `None` where no person allowed it.
    pub(crate) grant_id: Option<&'a str>,
    /// The key that it is bound to, if any.
    pub(crate) binding: &'a Binding,
}

/// Why there is no access token.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotIssued {
    /// It would be refused at once.
    #[error("the access token would be denied by auth.deny")]
    Denied,
    #[error(transparent)]
    Mint(#[from] MintError),
}

/// What an access token takes over from the one that it was exchanged for.
pub(crate) struct Exchanged<'a> {
    /// Who acts for the subject, with those who acted before.
    pub(crate) act: &'a Map<String, Value>,
    /// The client that the person allowed the other token, or the one that was exchanged for that.
    pub(crate) granted_to: &'a str,
    /// When the other token ends, in Unix seconds.
    pub(crate) until: u64,
}

/// Who is at a browser.
pub(crate) enum Visitor {
    /// Nobody whose login counts.
    Nobody,
    Person(Browser),
    /// A person logged in there, and whether that counts still cannot be told now.
    Untold(Browser, LoginError),
}

impl Visitor {
    /// The person, for everything that lets in.
    ///
    /// # Errors
    /// It cannot be told whether their login counts.
    pub(crate) fn person(self) -> Result<Option<Browser>, StoreError> {
        match self {
            Self::Nobody => Ok(None),
            Self::Person(browser) => Ok(Some(browser)),
            Self::Untold(_, error) => Err(StoreError::new(error)),
        }
    }

    /// The person, for what only takes away: to log out, or to deny. A login that is checked elsewhere may be out of reach just then.
    pub(crate) fn person_who_leaves(self) -> Option<Browser> {
        match self {
            Self::Nobody => None,
            Self::Person(browser) | Self::Untold(browser, _) => Some(browser),
        }
    }
}

impl Issuer {
    /// The current time in Unix seconds.
    pub(crate) fn now(&self) -> u64 {
        self.ambient.clock.unix_now()
    }

    /// Whether the operator registered the client with this identifier.
    pub(crate) fn is_named(&self, id: &str) -> bool {
        self.named.contains_key(id)
    }

    /// Whether somebody vouches for the client with this identifier: the operator registered it, or a person allowed it something. Any other client
    /// may be anybody's: those share their limits, and are told nothing by redirect.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn is_known(&self, id: &str) -> Result<bool, StoreError> {
        Ok(self.is_named(id) || self.store.consents().any(id).await?)
    }

    /// Whether this is the name of somebody whom no login lets in: of a client of the operator, of a program, or of a person of an identity
    /// provider. Tokens name all of them by `sub`, so what is decided by it would hold for the person of the login too.
    pub(crate) fn is_name_of_another(&self, subject: &str) -> bool {
        self.taken_names.has(subject)
    }

    /// Whether the person `subject`, who logged in so, may still log in.
    ///
    /// # Errors
    /// [`LoginError`]: it cannot be told now.
    pub(crate) async fn knows(&self, subject: &str, how: &Authentication) -> Result<bool, LoginError> {
        Ok(self.may_be(subject, how) && self.login.knows(subject).await?)
    }

    /// What the login says now of this person. `may_ask`: whether it may ask other servers.
    ///
    /// # Errors
    /// [`LoginError`]: it cannot be told now.
    pub(crate) async fn renew(&self, subject: &str, may_ask: bool) -> Result<Renewed, LoginError> {
        self.login.renew(&self.renewal(subject, may_ask)).await
    }

    /// What a login needs to know to renew what it says of this person.
    pub(crate) fn renewal<'a>(&'a self, subject: &'a str, may_ask: bool) -> Renewal<'a> {
        let (look_every, now) = (self.lifetimes.access_token, self.now());
        Renewal { subject, look_every, now, may_ask, store: &self.store }
    }

    /// The provider of this name, at which people log in or connect accounts; without a name the login, where it is not a provider.
    pub(crate) fn provider(&self, name: Option<&str>) -> Option<&dyn Login> {
        match name {
            name if name == self.login.upstream() => Some(&*self.login),
            Some(name) => self.connections.get(name).map(|provider| provider as &dyn Login),
            None => None,
        }
    }

    /// Keeps what the provider gave for a person who logs in, until nothing that they allow at this login can be left.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn keep_upstream(
        &self,
        subject: &str,
        given: Option<Box<UpstreamGrant>>,
    ) -> Result<(), StoreError> {
        let (Some(given), Some(upstream)) = (given, self.login.upstream()) else { return Ok(()) };
        let (of, now) = (Connection { subject, upstream }, self.now());
        let until = now.saturating_add(self.lifetimes.session).saturating_add(self.lifetimes.grant);
        self.store.upstream_grants().keep(of, *given, until.saturating_add(LONGEST_CODE), now).await
    }

    /// Whether this login of the person `subject` still counts.
    ///
    /// # Errors
    /// [`LoginError`]: it cannot be told now.
    pub(crate) async fn still_counts(&self, subject: &str, how: &Authentication) -> Result<bool, LoginError> {
        Ok(self.may_be(subject, how) && self.login.still_counts(subject, how.version).await?)
    }

    /// Whether who logged in so under this name can be a person of the login of today. At another login the name may be another person's.
    fn may_be(&self, subject: &str, how: &Authentication) -> bool {
        !self.is_name_of_another(subject) && how.login.as_deref() == Some(&*self.login.kind())
    }

    /// Whether the client with this identifier describes itself at a URL. One that the operator registered does not, whatever its identifier
    /// looks like: nothing is fetched for it, and no site vouches for it.
    pub(crate) fn describes_itself(&self, id: &str) -> bool {
        is_url(id) && !self.is_named(id)
    }

    /// The host that publishes the description of the client with this identifier, if it describes itself: the one thing that is verified
    /// of it.
    pub(crate) fn publisher(&self, id: &str) -> Option<String> {
        self.describes_itself(id).then(|| host_of(id)).flatten()
    }

    /// Whether `client` may exchange access tokens that were issued to `other`.
    pub(crate) fn may_exchange(&self, client: &str, other: &str) -> bool {
        self.exchange_from.get(client).is_some_and(|from| from.contains(other))
    }

    /// The client with this identifier: from the configuration, described at this URL, or registered. The identifiers of those
    /// that registered never look like a URL.
    ///
    /// # Errors
    /// [`ClientError::Document`] where the identifier is a URL and there is no client at it.
    pub(crate) async fn client(&self, id: &str) -> Result<Option<Client>, ClientError> {
        self.client_from(None, id).await
    }

    /// The same, for a request that comes from `address` and proves nothing: what is fetched for it is counted.
    ///
    /// # Errors
    /// As [`client`](Self::client).
    pub(crate) async fn client_from(
        &self,
        address: Option<IpAddr>,
        id: &str,
    ) -> Result<Option<Client>, ClientError> {
        match self.named.get(id) {
            Some(named) => Ok(Some(named.clone())),
            None if self.describes_itself(id) => {
                Ok(Some(self.documents.client_from(address, id, &self.store, self.now()).await?))
            }
            None => Ok(self.store.clients().find(id, self.now()).await?),
        }
    }

    /// The same for a client that presents what a person allowed it: one that describes itself, and that nobody ever allowed anything, has
    /// nothing to present, and nothing is fetched for it.
    ///
    /// # Errors
    /// As [`client`](Self::client).
    pub(crate) async fn known_client(&self, id: &str) -> Result<Option<Client>, ClientError> {
        match self.describes_itself(id) {
            true => Ok(self.documents.known_client(id, &self.store, self.now()).await?),
            false => self.client(id).await,
        }
    }

    /// Whether `client` was not removed since it was found. Nothing is fetched: one that describes itself is not removed here.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn is_kept(&self, client: &Client) -> Result<bool, StoreError> {
        if self.is_named(&client.id) || self.describes_itself(&client.id) {
            return Ok(true);
        }
        Ok(self.store.clients().find(&client.id, self.now()).await?.is_some())
    }

    /// The client with this identifier, to be shown: of one that describes itself no more is known than its URL, and nothing is fetched.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn client_to_show(&self, id: &str) -> Result<Option<Client>, StoreError> {
        match self.named.get(id).cloned().or_else(|| self.known_by_its_url(id)) {
            Some(client) => Ok(Some(client)),
            None => self.store.clients().find(id, self.now()).await,
        }
    }

    /// A client of which only the URL is known, where it describes itself: who publishes it is shown all the same.
    pub(crate) fn known_by_its_url(&self, id: &str) -> Option<Client> {
        self.publisher(id).map(|_| Client {
            id: id.to_owned(),
            name: None,
            redirect_uris: Vec::new(),
            grant_types: Client::for_people(false),
            scopes: ScopeSet::default(),
            credential: ClientCredential::None,
            secret_in_form: false,
            registered_at: 0,
            registration_token: None,
            require_par: false,
            dpop_bound: false,
        })
    }

    /// Whether this client may use device codes: one of the configuration that names this grant.
    pub(crate) fn may_use_devices(&self, client: &Client) -> bool {
        self.device_codes && self.named.contains_key(&client.id) && client.may(GrantType::DeviceCode)
    }

    /// The session identifier in the browser's cookie, and the person who is logged in there. One whose login does not count any more is not.
    pub(crate) async fn session<'h>(
        &self,
        headers: &'h HeaderMap,
    ) -> Result<(Option<&'h str>, Option<Browser>), StoreError> {
        let (id, visitor) = self.visitor(headers).await?;
        Ok((id, visitor.person()?))
    }

    /// The same, where it may be left open whether the login counts still.
    pub(crate) async fn visitor<'h>(
        &self,
        headers: &'h HeaderMap,
    ) -> Result<(Option<&'h str>, Visitor), StoreError> {
        let Some(id) = self.cookie.read(headers) else {
            return Ok((None, Visitor::Nobody));
        };
        let browser = self.store.browser_sessions().find(SecretHash::of(id), self.now()).await?;
        let Some(browser) = browser else { return Ok((Some(id), Visitor::Nobody)) };
        let visitor = match self.still_counts(&browser.subject, &browser.authentication).await {
            Ok(true) => Visitor::Person(browser),
            Ok(false) => Visitor::Nobody,
            Err(error) => Visitor::Untold(browser, error),
        };
        Ok((Some(id), visitor))
    }

    /// Whether the operator denies what this text stands for: what `subject` allowed `client_id` at `since` (Unix seconds).
    pub(crate) fn is_denied_by_operator(
        &self,
        presented: &str,
        (subject, client_id): (&str, &str),
        since: u64,
    ) -> bool {
        let claims = [("sub", json!(subject)), ("client_id", json!(client_id)), ("iat", json!(since))];
        self.denied
            .refuses(presented, claims.map(|(name, value)| (name.to_owned(), value)).into_iter().collect())
    }

    /// Signs an access token that is valid from now.
    pub(crate) fn access_token(&self, grantee: &Grantee<'_>) -> Result<String, NotIssued> {
        let iat = self.now();
        self.mint(grantee, None, iat, iat.saturating_add(self.lifetimes.access_token))
    }

    /// Signs an access token that another one was exchanged for, and says for how many seconds it is valid.
    pub(crate) fn exchanged_token(
        &self,
        grantee: &Grantee<'_>,
        exchanged: &Exchanged<'_>,
    ) -> Result<(String, u64), NotIssued> {
        let iat = self.now();
        let exp = iat.saturating_add(self.lifetimes.access_token).min(exchanged.until);
        Ok((self.mint(grantee, Some(exchanged), iat, exp)?, exp.saturating_sub(iat)))
    }

    /// What tokens say besides: what the login said, and what the configuration says of the subject, which counts where both do.
    fn said_besides(&self, grantee: &Grantee<'_>) -> Option<Cow<'_, Map<String, Value>>> {
        let configured = self.claims.get(grantee.subject);
        let of_login = grantee.authentication.map(|login| &login.claims).filter(|claims| !claims.is_empty());
        let Some(of_login) = of_login else { return configured.map(Cow::Borrowed) };
        let mut claims = of_login.clone();
        claims.extend(configured.cloned().unwrap_or_default());
        Some(Cow::Owned(claims))
    }

    fn mint(
        &self,
        grantee: &Grantee<'_>,
        exchanged: Option<&Exchanged<'_>>,
        iat: u64,
        exp: u64,
    ) -> Result<String, NotIssued> {
        let jti = identifier(&*self.ambient.random);
        let granted_to = exchanged.map(|exchanged| exchanged.granted_to);
        let granted_to = granted_to.filter(|client_id| *client_id != grantee.client_id);
        let known_revocations = self.store.revocations().board().known(Revocable {
            grant_id: None,
            jti: None,
            subject: grantee.subject,
            client_id: Some(grantee.client_id),
            granted_to,
            iat,
            known: KnownRevocations::default(),
            has_login: grantee.authentication.is_some(),
        });
        let more = self.said_besides(grantee);
        let claims = AccessTokenClaims {
            iss: self.origin.as_str(),
            sub: grantee.subject,
            aud: grantee.resource,
            client_id: grantee.client_id,
            scope: grantee.scopes.clone(),
            iat,
            exp,
            jti: &jti,
            authentication: grantee.authentication,
            grant_id: grantee.grant_id,
            granted_to,
            known_revocations,
            cnf: grantee.binding.jkt().map(|jkt| BoundKey { jkt }),
            act: exchanged.map(|exchanged| exchanged.act),
            more: more.as_deref(),
        };
        let token = self.keys.current(iat).mint(&claims)?;
        if !self.denied.is_empty() {
            let claims = serde_json::to_value(&claims).map_err(MintError::Serialize)?;
            let claims = claims.as_object().cloned().ok_or(MintError::NotAnObject)?;
            if self.denied.refuses(&token, claims) {
                return Err(NotIssued::Denied);
            }
        }
        Ok(token)
    }
}
