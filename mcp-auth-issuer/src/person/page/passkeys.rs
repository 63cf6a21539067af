//! The controls of passkeys, which the issuer's one script works. Without the script they are not shown, or say why nothing happens.

use maud::{Markup, html};
use serde_json::Value;

use super::speaking::texts;
use crate::endpoint::PASSKEYS_SCRIPT;

/// The script, served from a path of its own.
pub(crate) const SCRIPT: &str = include_str!("passkeys.js");

/// In a form: a button that has the browser sign with a passkey and then sends the form. `challenge` goes with it, where it is kept nowhere else.
pub(crate) fn passkey_login(label: &str, options: &Value, challenge: Option<&str>) -> Markup {
    controls(
        "get",
        label,
        options,
        &html! {
            @if let Some(challenge) = challenge { input type="hidden" name="challenge" value=(challenge); }
        },
    )
}

/// In a form: a button that has the browser make a passkey and then sends the form.
pub(super) fn passkey_creation(label: &str, options: &Value) -> Markup {
    html! {
        (controls("create", label, options, &Markup::default()))
        noscript { p.warning { (texts().no_scripts) } }
    }
}

/// The script shows them where the browser has passkeys.
fn controls(what: &str, label: &str, options: &Value, more: &Markup) -> Markup {
    let texts = texts();
    html! {
        div.passkey hidden data-passkey=(what) data-options=(options.to_string()) data-taken=(texts.passkey_taken)
            data-cancelled=(texts.passkey_cancelled) data-elsewhere=(texts.passkey_elsewhere) data-failed=(texts.passkey_failed)
            data-unsupported=(texts.passkeys_unsupported) {
            input type="hidden" name="passkey" value="";
            (more)
            p.warning role="alert" hidden {}
            div.buttons { button type="button" { (label) } }
        }
        script src=(PASSKEYS_SCRIPT) type="module" {}
    }
}
