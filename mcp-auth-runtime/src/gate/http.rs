//! The MCP endpoint over HTTP: what is read of a request, and the answer to one that is refused.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderName, Method, Response, request};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::gate::{Admitted, Gate};
use super::heartbeat::{self, Waited};
use super::holding::{Held, until_answered};
use super::media;
use super::received::Received;
use super::session::{Bound, Session, Wanted};
use super::tool_errors::ToolErrors;
use super::tool_headers::ToolHeaders;
use super::tool_lists::CompletingSessions;
use crate::answer::{ChallengedInBody, Rejection, Schemes, accepted};
use crate::authn::credential::refuse_second_in_form;
use crate::authn::error::CredentialError;
use crate::authn::{AuthnError, Credential, Identity, Sender, api_key_header};
use crate::dispatch::Dispatch;
use crate::envelope::{self, Envelope, EnvelopeLimits, Message, MessageKind, RequestIdValue};
use crate::observe::placed::{Arrival, Placed};
use crate::owned::{BodyRoom, Sessions, ShareKind, Shares};
use crate::transport::client_address::TrustedProxies;
use crate::transport::client_certificate::ClientCertificates;
use crate::transport::limits::{read_body, refuse_encoded};
use mcp_auth_core::Era;
use mcp_auth_core::ambient::Clock;

/// Where an answer says the nonce for the next proof.
const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");
pub(super) const SESSION_ID: &str = "mcp-session-id";

/// The bounds of one message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EndpointLimits {
    /// Largest body, in bytes.
    pub(crate) body: usize,
    /// Largest body read for a caller that is not verified: enough to say in the challenge what it needs.
    pub(crate) unverified_body: usize,
    /// Longest time for a body to arrive.
    pub(crate) body_timeout: Duration,
    /// How long an answer may be silent before its client is sent a comment line.
    pub(crate) heartbeat: Duration,
    /// Bounds of the JSON in it.
    pub(crate) envelope: EnvelopeLimits,
}

/// What the endpoint is made of besides the gate.
pub(crate) struct EndpointSettings {
    /// Where clients find the protected resource metadata: the absolute URL every challenge names. `None` where there is no
    /// issuer to log in at.
    pub(crate) resource_metadata: Option<String>,
    /// How clients may present a token, as every challenge says.
    pub(crate) schemes: Schemes,
    /// Whether an API key may come in `X-API-Key`.
    pub(crate) x_api_key: bool,
    /// How the address of a client is found.
    pub(crate) proxies: TrustedProxies,
    /// How the certificate of a client is found.
    pub(crate) certificates: ClientCertificates,
    /// The only header whose token counts, instead of `Authorization`.
    pub(crate) token_header: Option<HeaderName>,
    /// Bounds of one message.
    pub(crate) limits: EndpointLimits,
    /// Legacy sessions and whose they are.
    pub(crate) sessions: Sessions,
    /// What each caller has at this moment.
    pub(crate) shares: Arc<Shares>,
    /// The headers that rmcp and the tools see.
    pub(crate) tool_headers: ToolHeaders,
    /// What the expiry of a stream's token is compared with.
    pub(crate) clock: Arc<dyn Clock>,
}

/// Everything the MCP endpoint answers with.
pub(crate) struct Endpoint {
    pub(super) gate: Gate,
    pub(super) settings: EndpointSettings,
    pub(super) with_sessions: StreamableHttpService<Arc<Dispatch>, CompletingSessions<LocalSessionManager>>,
    pub(super) stateless: StreamableHttpService<Arc<Dispatch>, NeverSessionManager>,
    pub(super) dispatch: Arc<Dispatch>,
    /// Cancelled when calls in flight have to end.
    pub(super) cut: CancellationToken,
}

/// A body that could not be read: the id of its message, if there was one, and why.
type Unread = (Value, Rejection);

impl Endpoint {
    /// `gate` in front of `dispatch`. There are two services behind it: one that opens sessions for verified
    /// callers of legacy revisions, and one that never does, so that nothing is allocated for other callers.
    pub(crate) fn new(
        gate: Gate,
        settings: EndpointSettings,
        dispatch: Arc<Dispatch>,
        rmcp: StreamableHttpServerConfig,
    ) -> Self {
        let manager = Arc::new(CompletingSessions(settings.sessions.manager()));
        let (shared, direct) = (Arc::clone(&dispatch), Arc::clone(&dispatch));
        let cut = rmcp.cancellation_token.clone();
        let with_sessions =
            StreamableHttpService::new(move || Ok(Arc::clone(&shared)), manager, rmcp.clone());
        let mut rmcp = rmcp.with_legacy_session_mode(false);
        rmcp.session_store = None;
        let stateless = StreamableHttpService::new(
            move || Ok(Arc::clone(&dispatch)),
            Arc::new(NeverSessionManager::default()),
            rmcp,
        );
        let gate = gate.guarded_by(Arc::clone(&direct) as _);
        Self { gate, settings, with_sessions, stateless, dispatch: direct, cut }
    }

    /// 7 to 12 for one request to the MCP endpoint. Who sends a proof, or has to send something, gets a nonce for the next one
    /// (RFC 9449 §8.2 and §9).
    pub(crate) async fn serve(State(endpoint): State<Arc<Self>>, request: Request) -> Response<Body> {
        if !endpoint.gate.reads_proofs() {
            return endpoint.serve_request(request).await;
        }
        let has_proof = request.headers().contains_key("dpop");
        let mut response = endpoint.serve_request(request).await;
        let is_challenged = response.headers().contains_key(WWW_AUTHENTICATE)
            || response.extensions().get::<ChallengedInBody>().is_some();
        if (has_proof || is_challenged)
            && let Some(nonce) = endpoint.gate.nonce().await
        {
            response.headers_mut().insert(DPOP_NONCE, nonce);
        }
        response
    }

    async fn serve_request(self: &Arc<Self>, request: Request) -> Response<Body> {
        let endpoint = self;
        let (parts, body) = request.into_parts();
        let arrival = endpoint.arrival(&parts);
        let who = match endpoint.sender(&parts, arrival) {
            Ok(sender) => endpoint.gate.authenticate(endpoint.presented(&parts), &sender).await,
            Err(rejection) => Err(rejection),
        };
        if parts.method != Method::POST {
            return endpoint.serve_without_message(parts, who).await;
        }
        let mut room = endpoint.settings.shares.room_for(who.as_ref().ok());
        match endpoint.read(&parts.headers, body, &who, &mut room).await {
            Ok(envelope) => endpoint.serve_message(parts, envelope, who, room).await,
            Err((id, fault)) => endpoint.answer(&id, &endpoint.gate.unreadable(fault, who, arrival)),
        }
    }

    /// As which request it came, and from where.
    fn arrival(&self, parts: &request::Parts) -> Arrival {
        Arrival::of(parts.extensions.get::<Placed>(), self.settings.proxies.client_of(parts))
    }

    /// Who sent it, as far as its connection or a trusted proxy says.
    fn sender(&self, parts: &request::Parts, arrival: Arrival) -> Result<Sender, Rejection> {
        let certificate = self.settings.certificates.of(parts).map_err(|fault| {
            tracing::debug!(%fault, "a client certificate was refused");
            Rejection::from(&AuthnError::from(CredentialError::ClientCertificate(fault)))
        })?;
        Ok(Sender::at(arrival.from).with(certificate))
    }

    /// The credential in the head of the request, and nothing else.
    fn presented<'r>(&self, parts: &'r request::Parts) -> Result<Credential<'r>, Rejection> {
        let mut credential = match &self.settings.token_header {
            Some(header) => Credential::read_from(header, &parts.headers, &parts.uri),
            None if self.gate.reads_proofs() => {
                Credential::read_with_proof(&parts.headers, &parts.uri, &parts.method)
            }
            None => Credential::read(&parts.headers, &parts.uri),
        };
        if self.settings.x_api_key {
            credential = api_key_header::or_key(&parts.headers, &parts.uri, credential);
        }
        credential.map_err(|error| Rejection::from(&AuthnError::from(error)))
    }

    /// 8. One strict, bounded reading of the body, for every caller.
    async fn read(
        &self,
        headers: &HeaderMap,
        body: Body,
        who: &Result<Identity, Rejection>,
        room: &mut BodyRoom,
    ) -> Result<Envelope, Unread> {
        let limits = &self.settings.limits;
        let verified = matches!(who, Ok(Identity::Known(_)));
        let limit = match verified || !self.gate.verifies() {
            true => limits.body,
            false => limits.body.min(limits.unverified_body),
        };
        let unread = |rejection| (Value::Null, rejection);
        if declared_length(headers).is_some_and(|length| length > limits.body as u64) {
            return Err(unread(Rejection::BodyTooLarge { limit: limits.body, key: "limits.body" }));
        }
        refuse_encoded(headers).map_err(|error| unread(Rejection::from(&error)))?;
        let bytes = read_body(body, limit, limits.body_timeout, room).await.map_err(|error| {
            unread(match Rejection::from(&error) {
                Rejection::BodyTooLarge { .. } if limit < limits.body => {
                    self.too_large_unverified(headers, limit, who)
                }
                rejection => rejection,
            })
        })?;
        if verified {
            let alone = refuse_second_in_form(headers, &bytes);
            alone.map_err(|error| unread(Rejection::from(&AuthnError::from(error))))?;
        }
        envelope::read(&bytes, limits.envelope)
            .map_err(|error| (id_value(error.id()), Rejection::from(&error)))
    }

    /// The answer to a body of which no more is read, because no caller is verified: a log-in helps where what the headers
    /// name may need one. Headers decide nothing else here, and before 2026-07-28 they name nothing.
    fn too_large_unverified(
        &self,
        headers: &HeaderMap,
        limit: usize,
        who: &Result<Identity, Rejection>,
    ) -> Rejection {
        let named = match era_of(headers) {
            Era::Stateless => envelope::named_in(headers),
            Era::Sessions => None,
        };
        let rules = self.gate.rules();
        let is_open =
            rules.policy().is_open() || named.is_some_and(|message| self.gate.serves_anyone(message));
        match is_open && who.is_ok() {
            true => Rejection::BodyTooLarge { limit, key: "limits.unverified_body" },
            false => {
                let scopes = rules.policy().base_scopes().clone();
                Rejection::TooLargeUnverified { limit, scopes }
            }
        }
    }

    /// 9 to 12 for a message.
    async fn serve_message(
        self: &Arc<Self>,
        parts: request::Parts,
        envelope: Envelope,
        who: Result<Identity, Rejection>,
        room: BodyRoom,
    ) -> Response<Body> {
        let mut received = Received::new(&envelope).arriving(self.arrival(&parts));
        received.objection =
            envelope::check_headers(&envelope, &parts.headers).map_err(Rejection::HeaderMismatch).err();
        received.objection = received.objection.or_else(|| media::check_message(&parts.headers).err());
        received.session = self.session_of(&parts.headers, &envelope);
        received.wants = kind_of(&envelope).map(|kind| (&self.settings.shares, kind));
        let mut admitted = match self.gate.admit(&received, who).await {
            Ok(admitted) => admitted,
            Err(rejection) => return self.refuse(&envelope, &rejection),
        };
        let held = Arc::new(Held { place: admitted.place.take(), room });
        admitted.held = Some(Arc::clone(&held));
        until_answered(self.answer_in_time(parts, envelope, admitted).await, held)
    }

    /// The answer, or an event stream that has it in the end.
    async fn answer_in_time(
        self: &Arc<Self>,
        parts: request::Parts,
        envelope: Envelope,
        admitted: Admitted,
    ) -> Response<Body> {
        // rmcp's sessions answer with event streams, which have comments of their own.
        let may_be_late = admitted.permit.declared().is_some()
            && envelope.id.is_some()
            && matches!(admitted.bound, Bound::NoSession)
            && media::names_event_stream(&parts.headers);
        if !may_be_late {
            return self.answer_admitted(parts, envelope, admitted).await;
        }
        let identity = admitted.permit.identity().clone();
        let endpoint = Arc::clone(self);
        let answering = async move { endpoint.answer_admitted(parts, envelope, admitted).await };
        match heartbeat::wait(Box::pin(answering), self.settings.limits.heartbeat).await {
            Waited::InTime(response) => response,
            Waited::Late(response) => self.ending_with(&identity, response, std::future::pending()),
        }
    }

    /// 11 and 12.
    async fn answer_admitted(
        self: &Arc<Self>,
        parts: request::Parts,
        envelope: Envelope,
        admitted: Admitted,
    ) -> Response<Body> {
        if self.is_direct(&parts.headers, &envelope, &admitted) {
            drop(parts); // and the credentials in it
            return self.answer_directly(envelope, admitted).await;
        }
        self.forward(parts, envelope, admitted).await
    }

    /// The session a message opens or belongs to.
    fn session_of<'a>(&'a self, headers: &'a HeaderMap, envelope: &Envelope) -> Option<Session<'a>> {
        let opens = matches!(*envelope.message, Message::Initialize { .. });
        // A notification may leave its revision to the header; `initialize` is of the old era with any revision.
        if envelope.era() == Era::Stateless || !(opens || era_of(headers) == Era::Sessions) {
            return None;
        }
        let wanted = match opens {
            true => Wanted::New,
            false => Wanted::Open(headers.get(SESSION_ID)?.to_str().ok()),
        };
        Some(Session { sessions: &self.settings.sessions, wanted })
    }

    /// 9 to 12 for GET and DELETE of legacy sessions; every other method is refused, after authentication.
    async fn serve_without_message(
        &self,
        parts: request::Parts,
        who: Result<Identity, Rejection>,
    ) -> Response<Body> {
        let mut received = Received::without_body(parts.method.as_str()).arriving(self.arrival(&parts));
        let session = parts.headers.get(SESSION_ID).filter(|_| era_of(&parts.headers) == Era::Sessions);
        let id = session.map(|id| id.to_str().ok());
        let wanted = match (&parts.method, id) {
            (&Method::GET, Some(id)) => Some(Wanted::Read(id)),
            (&Method::DELETE, Some(id)) => Some(Wanted::End(id)),
            _ => None,
        };
        match wanted {
            Some(wanted) => {
                if parts.method == Method::GET {
                    received.wants = Some((&self.settings.shares, ShareKind::Stream));
                    received.objection = media::check_stream(&parts.headers).err();
                }
                received.session = Some(Session { sessions: &self.settings.sessions, wanted });
            }
            None => received.objection = Some(Rejection::MethodNotAllowed { allow: "POST" }),
        }
        match self.gate.admit(&received, who).await {
            Ok(admitted) => self.forward_stream(parts, admitted).await,
            Err(rejection) => self.answer(&Value::Null, &rejection),
        }
    }

    /// The answer to a message that may not go on.
    fn refuse(&self, envelope: &Envelope, rejection: &Rejection) -> Response<Body> {
        let (told, metadata) = (self.gate.tool_errors(), self.settings.resource_metadata.as_deref());
        refusal(&self.gate.told(rejection), envelope, told, metadata, &self.settings.schemes)
    }

    fn answer(&self, id: &Value, rejection: &Rejection) -> Response<Body> {
        let resource_metadata = self.settings.resource_metadata.as_deref();
        self.gate.told(rejection).respond_by(id, resource_metadata, &self.settings.schemes)
    }
}

/// The answer to a message that may not go on, which the client is told so.
pub(crate) fn refusal(
    rejection: &Rejection,
    envelope: &Envelope,
    tool_errors: ToolErrors,
    resource_metadata: Option<&str>,
    schemes: &Schemes,
) -> Response<Body> {
    let id = id_value(envelope.id.as_ref());
    match rejection {
        _ if tool_errors.tell(rejection, envelope) => {
            rejection.respond_as_tool_error(&id, envelope.era(), resource_metadata, schemes)
        }
        // A notification has no answer, so nothing is said of a method that may not be known.
        Rejection::UnknownMethod { .. } if envelope.kind == MessageKind::Notification => accepted(),
        _ => rejection.respond_by(&id, resource_metadata, schemes),
    }
}

/// The era of the revision that the headers name.
pub(super) fn era_of(headers: &HeaderMap) -> Era {
    Era::of(headers.get("mcp-protocol-version"))
}

/// As what a message is counted while it is answered: replies and notifications are not, because what is counted may wait
/// for them.
fn kind_of(envelope: &Envelope) -> Option<ShareKind> {
    match (envelope.kind, &*envelope.message) {
        (MessageKind::Request, Message::Listen { .. }) => Some(ShareKind::Stream),
        (MessageKind::Request, _) => Some(ShareKind::Call),
        (MessageKind::Notification | MessageKind::Response, _) => None,
    }
}

fn id_value(id: Option<&RequestIdValue>) -> Value {
    id.map_or(Value::Null, |id| id.clone().into_json_value())
}

fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(http::header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
