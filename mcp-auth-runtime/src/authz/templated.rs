//! The scopes that a call fills: they are known once its arguments fit their schema, and decided on before any guard is asked.

use std::collections::BTreeMap;

use rmcp::model::JsonObject;
use serde_json::Value;

use super::guard::{Asked, Guarded, UNDECIDED};
use super::named::{Ran, Variables};
use super::need::Filled;
use super::permit::Permit;
use super::policy::Policy;
use super::verdict::{Denied, Verdict};
use crate::authn::{Identity, Principal};
use crate::declared::Kind;
use crate::declared::filling::{FilledScopes, Values};
use crate::declared::registry::Registry;
use crate::envelope::Message;
use mcp_auth_core::ScopeSet;

/// A message that policy allows as far as the scopes do that its own arguments fill.
#[derive(Debug)]
pub struct Templated {
    pub(super) permit: Permit,
    /// The operations whose scopes are filled.
    pub(super) filled: Vec<Asked>,
    /// Of a task, what the call that made it filled into scopes.
    pub(super) recorded: FilledScopes,
    /// What the message needs besides, of its other operations.
    pub(super) besides: ScopeSet,
    /// The operations whose guards are asked after that.
    pub(super) guarded: Vec<Asked>,
}

impl Policy {
    /// What comes of it once its scopes are filled; `registry` says which arguments fit, and what a URI gives. A call whose
    /// values fill no scope goes on to be answered what is wrong with them: its permit runs no method.
    ///
    /// # Errors
    /// What the caller is told who lacks one of them.
    pub(crate) fn fill(&self, templated: Templated, registry: &Registry) -> Result<Verdict, Denied> {
        let Templated { permit, filled, recorded, besides, guarded } = templated;
        let Some(held) = permit.identity().principal().map(Principal::held) else {
            return Err(Denied::Refused { reason: UNDECIDED.to_owned() });
        };
        let (mut lacked, mut ran): (Option<ScopeSet>, Vec<Ran>) = (None, Vec::new());
        for asked in &filled {
            let Some(need) = self.need_at(asked.id) else {
                return Err(Denied::Refused { reason: UNDECIDED.to_owned() });
            };
            let with = |values: Values<'_>| {
                let ran = Ran { operation: asked.id, filled: Some(need.filled(values)) };
                (need.fill(held, self.hierarchy(), values), ran)
            };
            let made = match permit.message() {
                Message::Task { .. } => vec![with(Values::Recorded(&recorded))],
                Message::Tool { arguments, .. } | Message::Prompt { arguments, .. } => {
                    match registry.get(asked.id).fitting(arguments.clone().unwrap_or_default()) {
                        Ok(arguments) => vec![with(Values::Arguments(&arguments))],
                        // What does not fit is said in full where the call is answered.
                        Err(_) => {
                            return Ok(Verdict::Allowed(
                                permit.of_unfit("the arguments do not fit".to_owned()),
                            ));
                        }
                    }
                }
                Message::Complete { chosen, .. } => {
                    let chosen = chosen_of(registry, asked, chosen);
                    let so_far = chosen.iter().map(|chosen| {
                        let filled = need.filled(Values::Arguments(chosen));
                        let ran = Ran { operation: asked.id, filled: Some(filled) };
                        (need.fill_chosen(held, self.hierarchy(), chosen), ran)
                    });
                    so_far.collect()
                }
                _ => {
                    let found = registry.resource_and_variables(&asked.name);
                    vec![with(Values::Variables(&found.map(|(_, variables)| variables).unwrap_or_default()))]
                }
            };
            for (comes_of_it, so) in made {
                match comes_of_it {
                    // Of values that are not all chosen, what the session delivers could not be decided on.
                    Filled::Held
                        if is_completed(permit.message()) && !self.admits_to(&so, permit.identity()) => {}
                    Filled::Held => ran.push(so),
                    Filled::Lacked(scopes) => lacked.get_or_insert_with(|| besides.clone()).extend(scopes),
                    Filled::Unfit(why) if is_answered(permit.message()) => {
                        return Ok(Verdict::Allowed(permit.of_unfit(why)));
                    }
                    Filled::Unfit(reason) => return Err(Denied::Unfit { reason }),
                }
            }
        }
        if let Some(required) = lacked {
            return Err(self.lacks(self.to_be_named(&required), held));
        }
        let permit = permit.of_filled(ran);
        Ok(match guarded.is_empty() {
            true => Verdict::Allowed(permit),
            false => Verdict::Guarded(Guarded::new(permit, guarded)),
        })
    }

    /// Whether `who` may have what came of an operation that ran.
    pub(crate) fn admits_to(&self, ran: &Ran, who: &Identity) -> bool {
        let held = who.principal().map(Principal::held);
        let (Some(need), hierarchy) = (self.need_behind(ran.operation), self.hierarchy()) else {
            return false;
        };
        let Some(filled) = &ran.filled else { return need.is_met_by(who) };
        let by_value = |held| need.fill(held, hierarchy, Values::Recorded(filled)) == Filled::Held;
        need.is_met_by(who) && (!need.depends_on_call(held) || held.is_some_and(by_value))
    }
}

fn is_completed(message: &Message) -> bool {
    matches!(message, Message::Complete { .. })
}

/// Whether what is wrong with the values is the answer of the operation itself.
fn is_answered(message: &Message) -> bool {
    matches!(message, Message::Tool { .. } | Message::Prompt { .. } | Message::Resource { .. })
}

/// The values that a completion is about, as a method reads them: those of the URI that it names, and those that are chosen already.
/// Where both say one, each is decided on: which of them the method reads is not known.
fn chosen_of(registry: &Registry, asked: &Asked, chosen: &BTreeMap<String, String>) -> Vec<JsonObject> {
    let is_template = registry.resource_template(&asked.name).is_some();
    let of_uri = (!is_template).then(|| registry.resource_and_variables(&asked.name)).flatten();
    let of_uri = of_uri.map(|(_, variables)| variables).unwrap_or_default();
    let mut all = of_uri.clone();
    all.extend(chosen.iter().map(|(name, value)| (name.clone(), value.clone())));
    let each = if all == of_uri { vec![all] } else { vec![of_uri, all] };
    let read = |texts: Variables| {
        let mut values = texts.into_iter().map(|(name, text)| (name, Value::String(text))).collect();
        let declaration = registry.get(asked.id);
        if declaration.kind() == Kind::Prompt {
            declaration.read_texts(&mut values);
        }
        values
    };
    each.into_iter().map(read).collect()
}
