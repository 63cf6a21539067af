//! A browser's part of passkeys, with the authenticator of the `passkey` crate: what the script of our pages does.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use passkey::authenticator::{Authenticator, UiHint, UserCheck, UserValidationMethod};
use passkey::client::{Client, DefaultClientData};
use passkey::crypto::aws_lc_rs::AwsLcRsBackend;
use passkey::types::Passkey;
use passkey::types::ctap2::{Aaguid, Ctap2Error};
use passkey::types::webauthn::{CredentialCreationOptions, CredentialRequestOptions};
use serde_json::{Value, json};
use url::Url;

use crate::harness::*;

/// A device that keeps one passkey. A clone of it is a copy of the passkey.
#[derive(Clone, Default)]
pub(crate) struct Device {
    passkey: Option<Passkey>,
    /// Whether it says that it cannot verify its person.
    cannot_verify: bool,
    /// Whether it counts its signatures.
    counts: bool,
}

/// The person at the device, who agrees to everything.
struct Person {
    is_verified: bool,
}

#[async_trait::async_trait]
impl UserValidationMethod for Person {
    type PasskeyItem = Passkey;

    async fn check_user<'a>(
        &self,
        hint: UiHint<'a, Passkey>,
        presence: bool,
        verification: bool,
    ) -> Result<UserCheck, Ctap2Error> {
        if matches!(hint, UiHint::InformExcludedCredentialFound(_)) {
            return Err(Ctap2Error::CredentialExcluded);
        }
        Ok(UserCheck { presence, verification: verification && self.is_verified })
    }

    fn is_presence_enabled(&self) -> bool {
        true
    }

    fn is_verification_enabled(&self) -> Option<bool> {
        self.is_verified.then_some(true)
    }
}

impl Device {
    /// One that counts its signatures.
    pub(crate) fn that_counts() -> Self {
        Self { counts: true, ..Self::default() }
    }

    /// One without a PIN or a sensor.
    pub(crate) fn that_cannot_verify() -> Self {
        Self { cannot_verify: true, ..Self::default() }
    }

    /// Somebody gives it a PIN, and knows it then.
    pub(crate) fn gets_a_pin(&mut self) {
        self.cannot_verify = false;
    }

    /// Makes a passkey as `page` asks, for the form of the page.
    pub(crate) async fn create(&mut self, page: &Answer) -> String {
        self.create_at(ISSUER, options(page)).await.expect("a passkey")
    }

    pub(crate) async fn create_at(&mut self, origin: &str, options: Value) -> Option<String> {
        let request: CredentialCreationOptions =
            serde_json::from_value(json!({ "publicKey": options })).unwrap();
        let mut authenticator = self.authenticator();
        authenticator.set_make_credentials_with_signature_counter(self.counts);
        let mut client = Client::new(authenticator)
            .allows_insecure_localhost(true)
            .user_verification_when_preferred(!self.cannot_verify);
        let made = client.register(Url::parse(origin).unwrap(), request, DefaultClientData).await.ok()?;
        self.passkey = client.authenticator().store().clone();
        let answer = json!({
            "id": text(&made.raw_id),
            "clientDataJSON": text(&made.response.client_data_json),
            "attestationObject": text(&made.response.attestation_object),
            "transports": ["internal"],
        });
        Some(answer.to_string())
    }

    /// Signs as `page` asks, for the form of the page.
    pub(crate) async fn sign(&mut self, page: &Answer) -> String {
        self.sign_at(ISSUER, options(page)).await.expect("a signature")
    }

    /// Signs what a page at `origin` asks for.
    pub(crate) async fn sign_at(&mut self, origin: &str, options: Value) -> Option<String> {
        let request: CredentialRequestOptions =
            serde_json::from_value(json!({ "publicKey": options })).unwrap();
        let mut client = Client::new(self.authenticator())
            .allows_insecure_localhost(true)
            .user_verification_when_preferred(!self.cannot_verify);
        let signed =
            client.authenticate(Url::parse(origin).unwrap(), request, DefaultClientData).await.ok()?;
        self.passkey = client.authenticator().store().clone();
        let answer = json!({
            "id": text(&signed.raw_id),
            "clientDataJSON": text(&signed.response.client_data_json),
            "authenticatorData": text(&signed.response.authenticator_data),
            "signature": text(&signed.response.signature),
            "userHandle": signed.response.user_handle.as_ref().map(|handle| text(handle)),
        });
        Some(answer.to_string())
    }

    fn authenticator(&self) -> Authenticator<Option<Passkey>, Person, AwsLcRsBackend> {
        let person = Person { is_verified: !self.cannot_verify };
        Authenticator::new(Aaguid::new_empty(), self.passkey.clone(), person, AwsLcRsBackend)
    }
}

fn text(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// What `page` asks a browser for.
pub(crate) fn options(page: &Answer) -> Value {
    let after =
        page.body.split_once("data-options=\"").unwrap_or_else(|| panic!("no passkey in {}", page.body)).1;
    let text = after.split_once('"').unwrap().0.replace("&quot;", "\"");
    serde_json::from_str(&text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")).unwrap()
}

/// `answer` with another value of one member; null removes it.
pub(crate) fn with(answer: &str, name: &str, value: Value) -> String {
    let mut answer: Value = serde_json::from_str(answer).unwrap();
    match value {
        Value::Null => drop(answer.as_object_mut().unwrap().remove(name)),
        value => answer[name] = value,
    }
    answer.to_string()
}

/// The fields that the script fills in on a login page.
pub(crate) async fn answer_with_passkey(browser: &mut Browser, page: &Answer, passkey: &str) -> Answer {
    let challenge = hidden(page, "challenge");
    let mut fields = vec![("passkey", passkey)];
    fields.extend(challenge.as_deref().map(|challenge| ("challenge", challenge)));
    browser.answer_login(page, &fields).await
}

/// Opens the page of a request, and logs in with the passkey of `device` alone.
pub(crate) async fn log_in_by(browser: &mut Browser, url: &str, device: &mut Device) -> Answer {
    let page = browser.get(url).await;
    assert_eq!(page.status, http::StatusCode::OK, "{}", page.body);
    let signed = device.sign(&page).await;
    answer_with_passkey(browser, &page, &signed).await
}
